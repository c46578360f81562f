"""Judging on other machines: a Dask cluster hands out submissions and brings verdicts back.

    this command                      a machine of the cluster
    cluster.py  ──▶  scheduler  ──▶  Dask worker: host.py  ──▶  station.py: judge and sandbox
                                     (holds bytes only)         (a process of its own)

What travels is in terms.py. A Dask worker never judges itself. It keeps a process beside it that
does, for as long as one command grades: that process ends when a submission breaks it, and the
worker starts another. So no submission ends a worker, or touches what else is running there.
"""
