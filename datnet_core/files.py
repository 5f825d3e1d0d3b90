"""Results are never half-written: to a file beside the goal first, then renamed."""

import glob
import os
import platform
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path):
    """Path to write to; what it holds takes the place of `path` when the block ends.

    Parameters
    ----------
    path : Path
        Its folder is made if there is none. After an error or a kill, what stood there before
        still does. What a kill leaves beside it, `part-<machine>.<process>-<name>`, the next run on
        that machine removes. Of two that write at once, the one that ends last is the one that
        stays.

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
    # The process in the name: a second run at the same time must not rename this one's half, nor
    # remove it. The suffix stays, for many writers go by it.
    here = f"part-{platform.node()}."
    part = path.with_name(f"{here}{os.getpid()}-{path.name}")
    for left in path.parent.glob(f"{glob.escape(here)}*-{glob.escape(path.name)}"):
        process = left.name.removeprefix(here).partition("-")[0]
        if left == part or not Path(f"/proc/{process}").exists():
            left.unlink(missing_ok=True)
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
