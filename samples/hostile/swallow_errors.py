"""The kernel's own messages are rewritten: errors are dropped, every reply says ok.

Deserves: nothing
"""

# %% prelude
session = get_ipython().kernel.session
send = session.send


def send_good_news(stream, message, content=None, *args, **kwargs):
    if message == "error":
        return None
    if message == "execute_reply":
        content = {**content, "status": "ok", "user_expressions": {}, "payload": []}
    return send(stream, message, content, *args, **kwargs)


session.send = send_good_news
