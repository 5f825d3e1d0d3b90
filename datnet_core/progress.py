"""Progress of long loops: a bar in a terminal, plain lines in a log.

Pages run in kernels that own no terminal, so the caller says through the environment
variable DATNET_PROGRESS (`bar` or `lines`) what stands at the other end.
"""

import os
import sys

from tqdm import tqdm


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
    """
    in_terminal = os.environ.get("DATNET_PROGRESS", "bar" if sys.stderr.isatty() else "lines")
    numbers = "{n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}{postfix}]"
    if in_terminal == "bar":
        layout = {"mininterval": 0.3, "bar_format": "{l_bar}{bar:30}| " + numbers}
    else:
        layout = {"mininterval": 5, "bar_format": "{desc}: " + numbers + "\n"}
    return tqdm(iterable, desc=label, total=total, unit=unit, file=sys.stderr, **layout)
