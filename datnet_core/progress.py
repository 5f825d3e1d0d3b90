"""Progress of long loops: a bar in a terminal, plain lines in a log.

tqdm does both, and its environment variables have the last word. A page runs in a kernel that owns
no terminal; the process that starts it sets ``TQDM_BAR_FORMAT`` if there is one at the other end.
"""

import os
import sys

from tqdm import tqdm

LINE = "{desc}: {n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}{postfix}]"


class _Lines:
    """The standard error stream, on which every report becomes a line of its own."""

    def write(self, text):
        if report := text.strip("\r\n "):
            sys.stderr.write(f"{report}\n")

    def flush(self):
        sys.stderr.flush()


def progress(iterable, label, total=None, unit="scan"):
    """Iterate and report progress on the standard error stream.

    Parameters
    ----------
    iterable : iterable
        What to go through.
    label : str
        What is being done.
    total : int, optional
        Number of items, where `iterable` has no length.
    unit : str
        Name of one item.

    Returns
    -------
    tqdm
        The same items; `set_postfix_str` adds a remark to the report.

    Examples
    --------
    >>> [letter.upper() for letter in progress("abc", "letters", unit="letter")]
    ['A', 'B', 'C']
    """
    layout = {"file": sys.stderr}
    if not (sys.stderr.isatty() or "TQDM_BAR_FORMAT" in os.environ):
        layout = {"file": _Lines(), "mininterval": 5, "bar_format": LINE}
    return tqdm(iterable, desc=label, total=total, unit=unit, **layout)
