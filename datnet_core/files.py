"""Results are never half-written: to a file beside the goal first, then renamed."""

import glob
import os
from contextlib import contextmanager


@contextmanager
def whole(path):
    """Path to write to; what it holds takes the place of `path` when the block ends.

    Parameters
    ----------
    path : Path
        Its folder is made if there is none. After an error or a kill, what stood there before
        still does. What a kill leaves beside it, `part-<process>-<name>`, the next run removes.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> goal = pathlib.Path(tempfile.mkdtemp()) / "new" / "numbers.txt"
    >>> with whole(goal) as part:
    ...     characters = part.write_text("1 2 3")
    >>> goal.read_text()
    '1 2 3'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The process in the name: a second run at the same time must not rename this one's half. The
    # suffix stays, for many writers go by it.
    part = path.with_name(f"part-{os.getpid()}-{path.name}")
    for left in path.parent.glob(f"part-*-{glob.escape(path.name)}"):
        left.unlink(missing_ok=True)
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
