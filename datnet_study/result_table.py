"""Read a table of the results of a study; numbers that are words of the user's table stay words."""

import pandas as pd

from datnet_study.columns import COLUMNS, NUMBERS

WORDS = {*COLUMNS, "cohort"} - {*NUMBERS}


def read_result_table(path):
    r"""A table that a page or a job has written.

    Parameters
    ----------
    path : Path
        Tab-separated; a missing value is an empty field.

    Returns
    -------
    DataFrame
        Ids, paths, diagnoses, sites and the other `WORDS` are text: a site may be called `01`, and
        a diagnosis `NA`. Of other columns pandas finds the type.

    Examples
    --------
    >>> from io import StringIO
    >>> table = read_result_table(StringIO("site\tsex\tage\n01\tF\t61\nNA\t\t\n"))
    >>> table["site"].tolist(), table["sex"].isna().tolist(), table["age"].tolist()
    (['01', 'NA'], [False, True], [61.0, nan])
    """
    types = dict.fromkeys(WORDS, str)
    return pd.read_csv(path, sep="\t", dtype=types, keep_default_na=False, na_values=[""])
