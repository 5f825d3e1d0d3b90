"""Weights and predictions that do not depend on the number of cores."""

from contextlib import contextmanager

import torch


@contextmanager
def one_thread():
    """Let PyTorch compute on one thread, and on as many as before afterwards.

    Examples
    --------
    >>> before = torch.get_num_threads()
    >>> with one_thread():
    ...     torch.get_num_threads()
    1
    >>> torch.get_num_threads() == before
    True
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)
