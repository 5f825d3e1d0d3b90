"""A stated split: who is kept for the blind test, drawn once by participant within each diagnosis.

The draw stands in a file beside the study file. Who stands in it stays on that side, whoever comes
or goes; only new participants are drawn, so that each diagnosis comes near the stated share.
"""

import csv
import hashlib
import io

from datnet_core.files import whole

SIDES = {True: "blind_test", False: "training"}
HEADER = ("participant_id", "side", "share")


def drawn(people, share, seed, before=()):
    """Who is kept for the blind test.

    A diagnosis of n people needs r = share * n for the blind test, less those who are there
    already. Of its new people the whole part of r goes there, and one more with a chance of the
    fraction that is left, so nobody can foresee the side of a participant who is added.

    Parameters
    ----------
    people : mapping of str to str
        Diagnosis of each participant.
    share : float
        Of each diagnosis, 0 to 1, without 1.
    seed : int
    before : mapping of str to bool
        Earlier draws, also of people who are gone.

    Returns
    -------
    dict of str to bool
        For each of `people`, whether they are kept for the blind test.

    Examples
    --------
    >>> sides = drawn({f"sub-{k}": "PD" for k in range(8)}, 0.25, seed=1)
    >>> sum(sides.values())
    2
    """
    before = dict(before)
    sides = {name: before[name] for name in people if name in before}
    for diagnosis in sorted(set(people.values())):
        group = [name for name, of in people.items() if of == diagnosis]
        new = sorted((name for name in group if name not in before), key=lambda n: _dice(seed, n))
        wanted = share * len(group) - sum(sides.get(name, False) for name in group)
        wanted = min(max(wanted, 0.0), float(len(new)))
        n_blind = int(wanted)
        if wanted > n_blind and new:
            coin = _dice(seed, f"{diagnosis} {len(group)} {new[n_blind]}")
            n_blind += coin < wanted - n_blind
        sides |= {name: k < n_blind for k, name in enumerate(new)}
    return {name: sides[name] for name in people}


def read_draw(path, share):
    """Earlier draws; none where there is no file.

    Parameters
    ----------
    path : Path
        As `write_draw` wrote it.
    share : float
        Share that the study file states.

    Returns
    -------
    dict of str to bool
        By participant, whether they are kept for the blind test.

    Raises
    ------
    ValueError
        If the file is no such table, or was drawn with another share.
    """
    if not path.is_file():
        return {}
    sides = {}
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    for number, row in enumerate(csv.reader(lines, delimiter="\t"), start=1):
        if number == 1 and tuple(row) == HEADER or not row:
            continue
        name, side, drawn_with = (*row, "", "")[:3]
        if number == 1 or len(row) != 3 or side not in SIDES.values() or name in sides:
            raise ValueError(
                f"{path}, line {number}: found {' '.join(row)!r}, expected participant, "
                f"{' or '.join(SIDES.values())}, and share, each participant once; mend the line, "
                "or remove the file to draw everybody anew"
            )
        if drawn_with != f"{share:g}":
            raise ValueError(
                f"split is {share:g}, but {path} was drawn with {drawn_with}; write `split: "
                f"{drawn_with}`, or remove the file to draw everybody anew (people change sides)"
            )
        sides[name] = side == SIDES[True]
    return sides


def write_draw(path, sides, share):
    """Keep draws for later runs; earlier ones of people who are gone stay.

    Parameters
    ----------
    path : Path
        File beside the study file.
    sides : mapping of str to bool
        Output of `drawn`.
    share : float
    """
    everybody = read_draw(path, share) | dict(sides)
    text = io.StringIO()
    table = csv.writer(text, delimiter="\t", lineterminator="\n")
    table.writerow(HEADER)
    table.writerows((name, SIDES[side], f"{share:g}") for name, side in sorted(everybody.items()))
    if not path.is_file() or path.read_text(encoding="utf-8") != text.getvalue():
        with whole(path) as part:
            part.write_text(text.getvalue(), encoding="utf-8")


def _dice(seed, text):
    """A number from 0 to 1 that seed and text decide."""
    digest = hashlib.sha256(f"{seed} {text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
