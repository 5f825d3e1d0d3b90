"""Sizes of the paper's cohorts, found from its rounded rates by exhaustive search.

The paper prints no class counts. A sensitivity of 90.7% is possible only for some numbers of
patients, a specificity only for some numbers of others, and the classes have to add up.
"""

import itertools

import pandas as pd


def matching_hits(n, rate, half_up=True):
    """Numbers of hits among n whose share prints as `rate`.

    Parameters
    ----------
    n : int
        Number of scans, at least 1.
    rate : float
        Printed rate, 0 to 1, with three decimals (percent with one).
    half_up : bool
        Whether a share in the middle of two printed rates goes up (conventional rounding). If
        not, it may go either way.

    Returns
    -------
    list of int
    """
    printed = round(1000 * rate)
    # k / n prints as `printed` if printed - 1/2 <= 1000 k / n < printed + 1/2; in whole numbers:
    low, high = (2 * printed - 1) * n, (2 * printed + 1) * n
    first, last = -(-low // 2000), (high - half_up) // 2000
    return list(range(max(first, 0), min(last, n) + 1))


def search(sensitivity, specificity, n_patients, n_controls=0, half_up=True):
    """Every set of class sizes that gives all printed rates.

    Parameters
    ----------
    sensitivity, specificity : dict of str to float
        Printed rates of each diagnosis against all others.
    n_patients : iterable of int
        Totals to try.
    n_controls : int
        Controls, which count among the others of every diagnosis.
    half_up : bool
        As in `matching_hits`.

    Returns
    -------
    DataFrame
        One row per solution: the size of each diagnosis, and `<diagnosis>_hits` and
        `<diagnosis>_right_others`, the right decisions among its patients and among the others.
    """
    names = list(sensitivity)
    rows = []
    for total in n_patients:
        fitting = {}
        for name in names:
            fitting[name] = {}
            for n in range(1, total):
                hits = matching_hits(n, sensitivity[name], half_up)
                others = matching_hits(total + n_controls - n, specificity[name], half_up)
                if hits and others:
                    fitting[name][n] = list(itertools.product(hits, others))
        *free, last = names
        for sizes in itertools.product(*(fitting[name] for name in free)):
            rest = total - sum(sizes)
            if rest not in fitting[last]:
                continue
            found = dict(zip(names, (*sizes, rest), strict=True))
            for decisions in itertools.product(*(fitting[name][n] for name, n in found.items())):
                row = dict(found)
                for name, (hits, others) in zip(names, decisions, strict=True):
                    row |= {f"{name}_hits": hits, f"{name}_right_others": others}
                rows.append(row)
    columns = [*names, *(f"{name}_{part}" for name in names for part in ("hits", "right_others"))]
    return pd.DataFrame(rows, columns=columns)


def totals_by_controls(n_controls, specificity, ppv, most):
    """Numbers of patients that fit how well controls were told from them.

    With f patients called controls and all controls found, PPV = controls / (controls + f) and
    specificity = (n - f) / n.

    Parameters
    ----------
    n_controls : int
    specificity, ppv : float
        Printed rates of the controls.
    most : int
        Largest number of patients to try.

    Returns
    -------
    list of int
    """
    false = [f for f in range(most) if n_controls in matching_hits(n_controls + f, ppv)]
    return [
        n for n in range(1, most + 1) if any(n - f in matching_hits(n, specificity) for f in false)
    ]


def split_in_proportion(total, sizes):
    """Split a total in the proportions of `sizes`, in whole numbers (largest remainders).

    Parameters
    ----------
    total : int
    sizes : dict of str to int

    Returns
    -------
    dict of str to int
        Adds up to `total`.
    """
    everyone = sum(sizes.values())
    shares = {name: divmod(total * n, everyone) for name, n in sizes.items()}
    left = total - sum(whole for whole, _ in shares.values())
    largest = sorted(shares, key=lambda name: -shares[name][1])[:left]
    return {name: whole + (name in largest) for name, (whole, _) in shares.items()}
