"""Every key of a study file with what it may be, its default and its meaning, as a chapter.

Types and limits are those that pydantic checks; meanings are those of the docstrings.
"""

import re

import yaml

from datnet_study.reference import UNDERLINED, markdown
from datnet_study.study import Study

LIMITS = {
    "minimum": "at least {:g}",
    "exclusiveMinimum": "more than {:g}",
    "maximum": "at most {:g}",
    "exclusiveMaximum": "less than {:g}",
    "minItems": "at least {:g} of them",
}
NAMES = {"integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
REFERENCE = re.compile(r"#/\$defs/(\w+)")
NONE = re.compile(r"\bNone\b")
SHORT = 60  # characters of a default up to which a table has room for it
FEW = 5  # words that a table has room for
TOP = {
    "name": "name of the folder below `results/`: letters, digits, `_` and `-`",
    "title": "title of the book",
    "dataset": "folder of the images, absolute or from the project's folder",
    "table": "table of scans; `scans.tsv` in `dataset` where not given",
    "sheet": "sheet of an Excel file that has several",
    "columns": "`{our name: name in the table}`",
    "values": "`{word of the table: our word}` for each of our columns; `null` is a missing value, "
    "and leaves a diagnosis out",
    "split": "share of each diagnosis to draw for the blind test",
    "sites": "what each site is for",
    "diagnoses": "groups that are told apart, in this order in every table",
    "control": "which of them are the controls",
    "protocols": "ways to stop the training that the page `protocol` compares",
}  # what has settings of its own says it in its docstring


def may_be(schema, parts):
    """Values that a setting may have, in words.

    Parameters
    ----------
    schema : dict
        JSON schema of the setting.
    parts : dict
        Schemas of the groups of settings, by name (`$defs`).

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> may_be({"type": "integer", "minimum": 1}, {})
    'whole number, at least 1'
    >>> may_be({"anyOf": [{"type": "number"}, {"type": "null"}]}, {})
    'number or `null`'
    """
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"settings, see [below](#{_label(name)})"
    if "anyOf" in schema:
        return " or ".join(may_be(part, parts) for part in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        words = schema.get("enum", [schema.get("const")])
        return " or ".join(f"`{word}`" for word in words)
    if "prefixItems" in schema:
        return f"{len(schema['prefixItems'])} times {may_be(schema['prefixItems'][0], parts)}"
    limits = [text.format(schema[key]) for key, text in LIMITS.items() if key in schema]
    return ", ".join([_kind(schema, parts), *limits])


def _kind(schema, parts):
    """Type of a setting without its limits."""
    kind = schema.get("type")
    if kind == "array":
        return f"list of {may_be(schema['items'], parts)}"
    if kind == "object":
        names = schema.get("propertyNames", {})
        of = may_be(names, parts) if 0 < len(names.get("enum", ())) <= FEW else "name"
        inner = schema.get("additionalProperties", {})
        inner = next(iter(schema.get("patternProperties", {}).values()), inner)
        return f"for each {of}: {may_be(inner, parts) if isinstance(inner, dict) else 'value'}"
    if kind == "null":
        return "`null`"
    if kind == "string":
        return "path" if schema.get("format") == "path" else "text"
    return NAMES.get(kind, "value")


def study_file_chapter():
    """Markdown of the chapter on the study file."""
    schema = Study.model_json_schema()
    parts = schema["$defs"]
    text = [
        "# Keys of the study file",
        "A study file is YAML. It needs `name`, `title`, and one of `dataset` (your scans) and "
        "`phantom`; every other key has a default. `extends: paper.yaml` starts from another study "
        "file, one beside it or in `data_manifest/`, and only what differs has to be written. An "
        "unknown key is an error that lists the known ones. A letter with a number, such as A9, is "
        "a row of the chapter *Open points*.",
        _table(schema, parts, TOP | dict(_first_lines(schema, parts))),
    ]
    for keys, name in _groups(schema, parts):
        lead, *rest = UNDERLINED.split(parts[name]["description"])
        meaning = _meanings(rest[1]) if rest and rest[0] == "Parameters" else {}
        text += [f"({_label(name)})=\n## `{keys}`", markdown(lead.strip())]
        text.append(_table(parts[name], parts, meaning))
    return "\n\n".join(text) + "\n"


def _label(name):
    """Label of a group of settings in the book."""
    return f"settings-{name.lower()}"


def _first_lines(schema, parts):
    """What each group of settings is for, by its key at the top."""
    for key, of in schema["properties"].items():
        for name in REFERENCE.findall(str(of)):
            yield key, parts[name]["description"].partition("\n")[0]


def _groups(schema, parts, prefix=""):
    """Groups of settings with where they stand in the file, as `phantom.sites.<name>`."""
    for key, of in schema["properties"].items():
        for name in REFERENCE.findall(str(of)):
            many = ".<name>" if of.get("type") == "object" else ""
            yield f"{prefix}{key}{many}", name
            yield from _groups(parts[name], parts, f"{prefix}{key}{many}.")


def _meanings(text):
    """Description of each parameter of a numpydoc section, by name."""
    found, names = {}, []
    for line in text.strip("\n").splitlines():
        if not line.startswith(" "):
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
        else:
            found |= {name: f"{found.get(name, '')} {line.strip()}".strip() for name in names}
    return found


def _table(schema, parts, meaning):
    """Table of the keys of a group; a column for their meanings where these are known."""
    titles = ["Key", "May be", "Default", *(["Meaning"] if meaning else [])]
    rows = [titles, ["---"] * len(titles)]
    for key, of in schema["properties"].items():
        cells = [f"`{key}`", may_be(of, parts), _default(key, of, schema)]
        rows.append(cells + ([_said(meaning.get(key, ""))] if meaning else []))
    return "\n".join(f"| {' | '.join(row)} |".replace("\n", " ") for row in rows)


def _said(text):
    """A description as Markdown, with the word that a study file has for nothing."""
    return markdown(NONE.sub("`null`", text))


def _default(key, of, schema):
    """Default of a key, as it would be written."""
    if key in schema.get("required", ()):
        return "has to be given"
    if "$ref" in of or of.get("default", 0) is None:
        return "–" if "$ref" not in of else "those below"
    text = yaml.safe_dump(of["default"], default_flow_style=True, width=10_000)
    text = text.strip().removesuffix("...").strip()
    return f"`{text}`" if len(text) <= SHORT else "see the code"
