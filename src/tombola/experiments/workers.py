"""How many jobs run at a time."""

import os


def worker_count(wanted: int | None, jobs: int, threads: int) -> int:
    """Return the number of workers: what was asked for, or as many as the cores allow, and never more than jobs.

    Parameters
    ----------
    wanted
        A number, or None for as many as the cores allow.
    jobs
        Jobs still to do.
    threads
        Threads of one job.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(wanted or max(1, cores // threads), jobs))
