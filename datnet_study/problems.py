"""Several problems in one message: what is wrong, then a line each."""


def problem_list(title, reasons):
    """Error that says everything that is wrong at once.

    Parameters
    ----------
    title : str
        What cannot be done.
    reasons : sequence of str
        One for each line below it.

    Returns
    -------
    ValueError
        To be raised.

    Examples
    --------
    >>> print(problem_list("2 scans cannot be used", ["a.nii: empty", "b.nii: a mask"]))
    2 scans cannot be used
      a.nii: empty
      b.nii: a mask
    """
    return ValueError("\n".join([title, *(f"  {reason}" for reason in reasons)]))
