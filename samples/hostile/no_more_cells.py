"""After this cell, running a cell does nothing and succeeds.

Deserves: nothing
"""


# %% prelude
async def run_nothing(*args, **kwargs):
    return False


get_ipython().run_ast_nodes = run_nothing
