"""What a page declares in its own header: what it reads and writes, settings, threads.

The header of a page is the YAML block that jupytext keeps at its top; the declaration is the
entry `datnet` in it::

    # ---
    # jupyter:
    #   jupytext: ...
    #   datnet:
    #     reads: [scans.tsv, volumes.npy, models/fold-*, data_manifest/atlas/*]
    #     writes:
    #       aggregates: [auc.tsv]
    #       participants: [predictions/blind_test.tsv]
    #     settings: [diagnoses, network, training.n_folds]
    #     threads: 1
    # ---

A page opens what it declares and nothing else (`page.open_page`), and the workflow reads the same
declaration (`graph`). Names are relative to `results/<study>/`; those that begin with
`data_manifest/` or `dataset/` to these folders, `null/` to the results of the study `null`, which
need not be there; `verdicts` is the file of the setting
`images.verdicts`, if there is one. A `*` in `reads` stands for any text.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from datnet_core import fingerprint

KINDS = ("aggregates", "participants")  # may be shown to others, or not
NAME = re.compile(r"[a-z][a-z0-9_]*")  # of a page, which is also one of a rule
CONDITIONS = ("phantom", "protocols", "recipes", "learning_curve")  # for a page to exist


@dataclass(frozen=True)
class Declaration:
    """The declaration of one page; `writes` has the kind of each file by its name."""

    page: str
    source: Path
    reads: tuple
    writes: dict
    settings: tuple
    threads: int = 1
    only_if: str | None = None
    cache: tuple = ()  # of `writes`: kept for the next run, which continues them


def read_declaration(source):
    """Read the declaration of a page.

    Parameters
    ----------
    source : Path
        A py:percent page.

    Returns
    -------
    Declaration

    Raises
    ------
    ValueError
        If there is none, a key is unknown, or a value is not of its type; names file and key.
    """
    source = Path(source)
    if not NAME.fullmatch(source.stem) or source.stem == "study":
        raise ValueError(
            f"{source}: expected a name of small letters, digits and _, not study, for the page"
        )
    declared = (_header(source).get("jupyter") or {}).get("datnet")
    if not isinstance(declared, dict):
        raise ValueError(
            f"{source}: no declaration; expected an entry `datnet` with reads, writes and settings "
            "in the header of the page, as in the other pages"
        )
    known = {"reads", "writes", "settings", "threads", "only_if", "cache"}
    if unknown := sorted(set(declared) - known):
        raise ValueError(f"{source}: unknown {unknown} in the header; expected {sorted(known)}")
    writes = declared.get("writes") or {}
    if not isinstance(writes, dict) or set(writes) - set(KINDS):
        raise ValueError(
            f"{source}: writes is {writes!r}; expected lists of names under {' or '.join(KINDS)}"
        )
    kinds = {name: kind for kind in KINDS for name in _names(source, writes, kind)}
    if lost := sorted(set(_names(source, declared, "cache")) - set(kinds)):
        raise ValueError(f"{source}: cache names {lost}; expected some of {sorted(kinds)}")
    threads = declared.get("threads", 1)
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"{source}: threads is {threads!r}; expected 1, 2, ...")
    only_if = declared.get("only_if")
    if only_if not in (None, *CONDITIONS):
        raise ValueError(f"{source}: only_if is {only_if!r}; expected one of {CONDITIONS}")
    return Declaration(
        page=source.stem,
        source=source,
        reads=_names(source, declared, "reads"),
        writes={f"{source.stem}.json": "aggregates"} | kinds,
        settings=_names(source, declared, "settings"),
        threads=threads,
        only_if=only_if,
        cache=_names(source, declared, "cache"),
    )


def declarations_of(study):
    """Declarations of the pages that a study has, by name; errors as `read_declaration`."""
    pages = [
        read_declaration(path) for path in sorted((fingerprint.ROOT / "notebooks").glob("*.py"))
    ]
    return {page.page: page for page in pages if not page.only_if or getattr(study, page.only_if)}


def line_of(source, key):
    """Line of a page's header where an entry of the declaration stands, for messages."""
    lines = Path(source).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        if line.lstrip("# ").startswith(f"{key}:"):
            return f"{Path(source).name}, line {number}"
    return Path(source).name


def setting(values, name, source):
    """Value of a declared setting.

    Parameters
    ----------
    values : dict
        Settings of the study, nested as in the study file.
    name : str
        Dotted name, `training.n_folds`.
    source : Path
        Page that declares it.

    Raises
    ------
    ValueError
        If there is no such setting; names the line of the header.
    """
    for key in name.split("."):
        if not isinstance(values, dict) or key not in values:
            raise ValueError(
                f"page {Path(source).stem} declares the setting {name!r}, which no study has; "
                f"correct its header ({line_of(source, 'settings')})"
            )
        values = values[key]
    return values


def expanded(names, values):
    """Names with their placeholders filled in, one name for each value.

    Parameters
    ----------
    names : iterable of str
        A name may hold one of the placeholders `{diagnosis}` and `{variant}`.
    values : dict of str to sequence of str
        Values of each placeholder.

    Returns
    -------
    list of str

    Examples
    --------
    >>> expanded(["a.tsv", "mean_{diagnosis}.nii.gz"], {"diagnosis": ["IPD", "MSA"]})
    ['a.tsv', 'mean_IPD.nii.gz', 'mean_MSA.nii.gz']
    """
    filled = []
    for name in names:
        used = [key for key in values if f"{{{key}}}" in name]
        if used:
            filled += [name.replace(f"{{{used[0]}}}", value) for value in values[used[0]]]
        else:
            filled.append(name)
    return filled


def _names(source, declared, key):
    """A list of names in the declaration, as a tuple."""
    names = declared.get(key) or ()
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{source}: {key} is {names!r}; expected a list of names")
    return tuple(names)


def _header(source):
    """The YAML block at the top of a py:percent file."""
    lines = source.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0] != "# ---" or "# ---" not in lines[1:]:
        raise ValueError(f"{source}: expected a header between two lines `# ---`")
    block = lines[1 : lines.index("# ---", 1)]
    try:
        return yaml.safe_load("\n".join(line.removeprefix("#")[1:] for line in block)) or {}
    except yaml.YAMLError as error:
        raise ValueError(f"{source}: the header is not readable as YAML\n{error}") from error
