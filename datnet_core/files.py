"""Results are never half-written: to a file beside the goal first, then renamed."""

import os
from contextlib import contextmanager


@contextmanager
def whole(path):
    """Path to write to; what it holds takes the place of `path` when the block ends.

    Parameters
    ----------
    path : Path
        Its folder is made if there is none. An error or a kill leaves it as it was; what a kill
        leaves beside it, `part-<name>`, is overwritten by the next run.

    Yields
    ------
    Path
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"part-{path.name}")
    try:
        yield part  # the suffix stays: many writers go by it
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    os.replace(part, path)
