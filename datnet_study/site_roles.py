"""What a site is for (`sites` of the study file): to train, to test, or both.

A site that is `train` alone has nobody in the blind test. One that is `test` alone is an external
validation: nobody of it teaches, stops or chooses anything, and the final models judge it. Without
`sites`, every site is `both`: the certainty of a diagnosis decides the cohort. The split of who
trains and who is judged by hospital is what Steyerberg and Harrell 2016
(doi:10.1016/j.jclinepi.2015.04.005) call external validation.
"""

from collections import Counter

TRAIN, TEST, BOTH = "train", "test", "both"
EXTERNAL = "external"  # certainty, in our words, and cohort of whom a test-only site judges


def certainty_at(certainty, role):
    """Certainty that counts for a participant of a site; None where the site leaves them out.

    Parameters
    ----------
    certainty : str or None
        Of the scan table; None where a draw of the blind test decides.
    role : {"train", "test", "both"}

    Returns
    -------
    str or None

    Examples
    --------
    >>> certainty_at("confirmed", "train"), certainty_at("definite", "test")
    ('definite', 'external')
    >>> certainty_at("possible", "test") is None  # nobody is judged by an unsure label
    True
    """
    if role == TEST:
        return None if certainty == "possible" else EXTERNAL
    if role == TRAIN and certainty in ("confirmed", None):
        return "definite"
    return certainty


def give_roles(rows, roles, row_name):
    """Let the sites of a scan table decide who is judged outside, and who only trains.

    Parameters
    ----------
    rows : list of dict
        In our words; their `certainty` is changed in place.
    roles : dict of str to str
        Role of each site; none, and nothing is changed.
    row_name : callable
        Names a row in a message.

    Returns
    -------
    rows : list of dict
        Without those whom no site uses: uncertain diagnoses of a test-only site.
    problems : list of str
        What stands in the way, and what to write.
    """
    problems = [
        f"{row_name(row)}: certainty = {EXTERNAL!r}: expected possible, definite or confirmed; "
        "`sites` of the study file says whose scans are judged outside"
        for row in rows
        if row.get("certainty") == EXTERNAL
    ]
    if not roles:
        return rows, problems
    if not any("site" in row for row in rows):
        return rows, [
            *problems,
            "column site: missing; `sites` of the study file needs it: say under columns.site how "
            "the table calls it, or leave `sites` out",
        ]
    scans = Counter(row["site"] for row in rows if row.get("site") is not None)
    problems += names_apart(scans, roles)
    used = []
    for row in rows:
        role = roles.get(row.get("site"), BOTH)
        certainty = certainty_at(row.get("certainty"), role)
        if role != TEST or certainty is not None:
            used.append(row if role == BOTH else row | {"certainty": certainty})
    return used, problems


def names_apart(known, roles):
    """Problems of sites that have no scans, and of those without a role.

    Parameters
    ----------
    known : mapping of str to int
        Scans of each site.
    roles : dict of str to str

    Returns
    -------
    list of str

    Examples
    --------
    >>> names_apart({"north": 3, "south": 2}, {"north": "train", "sout": "test"})[0]
    "sites.sout: no scan of a site 'sout'; the table has north, south"
    """
    there = ", ".join(sorted(known))
    problems = [
        f"sites.{name}: no scan of a site {name!r}; the table has {there}"
        for name in roles
        if name not in known
    ]
    return problems + [
        f"sites: nothing is said of {name!r} ({known[name]} scans); write `{name}: both` to use it "
        "as without `sites`, `train` to learn from it alone, or `test` to judge it alone"
        for name in sorted(set(known) - set(roles))
    ]


def on_both_sides(rows):
    """Participants who would teach at one site and be judged at a test-only one.

    Parameters
    ----------
    rows : list of dict
        Output of `give_roles`, with the blind test drawn if there is a draw.

    Returns
    -------
    list of str
        What to write, a line for each.

    Examples
    --------
    >>> row = {"participant_id": "x", "site": "north", "certainty": "confirmed"}
    >>> far = row | {"site": "south", "certainty": "external"}
    >>> on_both_sides([row, far]), len(on_both_sides([row | {"certainty": "definite"}, far]))
    ([], 1)
    """
    sites = {}
    for row in rows:
        side = {EXTERNAL: "judged", "confirmed": None}.get(row.get("certainty"), "teaching")
        who = row.get("participant_id")
        if side and who is not None:
            sites.setdefault(who, {}).setdefault(side, row.get("site"))
    return [
        f"participant {who} has scans at {at['teaching']!r}, which train, and at {at['judged']!r}, "
        "a site to test: expected nobody on both sides; leave the scans of one site out, or give "
        "both sites the same role"
        for who, at in sites.items()
        if len(at) == 2
    ]
