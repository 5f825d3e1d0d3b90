"""Read a study file: YAML that may start from another study file (`extends`)."""

import re
from pathlib import Path
from typing import NamedTuple

import yaml

ATLAS = "data_manifest/atlas/tpl-MNI152NLin6Asym_res-02_atlas-datnet_dseg.nii.gz"
KEPT = ("null", "merge")  # what YAML reads as something else than text, as far as it is kept


class _Loader(yaml.SafeLoader):
    """YAML in which a key stands once, and words stay words.

    YAML 1.1 reads NO, on and yes as true or false, 010 as 8, 12:30 as 750 and 2021-05-01 as a day;
    here only `true`, `false` and plain decimal numbers are no text, as in YAML 1.2.
    """

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in kinds if tag.rpartition(":")[2] in KEPT]
        for first, kinds in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node, deep=False):
        lines = {}
        for key, _ in node.value:
            name, line = key.value, key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode) and name in lines:
                raise ValueError(
                    f"lines {lines[name]} and {line}: the key {name!r} is given twice, and "
                    "only one would count; put both together"
                )
            lines[str(name)] = line
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9]\d*)", "-+0123456789"),
    ("float", r"[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d+)?|[-+]?\.inf|\.nan", "-+.0123456789"),
):
    _whole = re.compile(f"^({_pattern})$", re.ASCII)
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _whole, list(_first))


class Settings(NamedTuple):
    """The settings of a study, and the file that each of them stands in."""

    values: dict
    origins: dict  # keys from the top down, as a tuple, to the file

    def file_of(self, keys):
        """File of a setting, or of the nearest group around it."""
        known = (keys[:n] for n in range(len(keys), -1, -1) if keys[:n] in self.origins)
        return self.origins[next(known)]


def project_root():
    """Nearest folder, from the working directory upwards, that holds `data_manifest/`.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "data_manifest").is_dir():
            return folder
    raise FileNotFoundError(
        f"no project found: expected a folder data_manifest/ in {here} or in a folder above it; "
        "go to the folder of the project, or one below it"
    )


def read_settings(path, data_manifest):
    """Settings of a study file, laid over those of the file that it extends.

    Groups of settings are merged key by key; a value or list takes the place of the other. A
    group given as null (`phantom: null`) is taken away, and has its defaults again.

    Parameters
    ----------
    path : Path
        The study file.
    data_manifest : Path
        Where `extends` is looked up if it names no file beside the study file.

    Returns
    -------
    Settings

    Raises
    ------
    FileNotFoundError
        If `extends` names no file: says where it was looked for.
    ValueError
        If a file is no YAML or no `key: value` lines, if `extends` is no name of a file, or if
        files extend each other in a circle.
    """
    chain = [path]
    layers = [_read_yaml(path)]
    while "extends" in layers[-1]:
        base = _find(layers[-1].pop("extends"), chain[-1], data_manifest)
        circle = [file.resolve() for file in chain]
        if base.resolve() in circle:
            names = [str(file) for file in [*chain[circle.index(base.resolve()) :], base]]
            raise ValueError("study files extend each other in a circle: " + " -> ".join(names))
        chain.append(base)
        layers.append(_read_yaml(base))
    merged = Settings({}, {(): path})
    for file, layer in zip(reversed(chain), reversed(layers), strict=True):
        _lay_over(merged, (), layer, file)
    return merged


def _read_yaml(path):
    """Content of a study file."""
    try:
        settings = yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not readable as YAML{_where(error)}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 ({error.reason}); save it as UTF-8") from error
    except ValueError as error:
        raise ValueError(f"{path}, {error}") from None
    if not isinstance(settings, dict):
        raise ValueError(f"{path}: expected `key: value` lines, found {type(settings).__name__}")
    return settings


def _where(error):
    """Line and problem of an error of YAML, in one line."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    line = f", line {mark.line + 1}" if mark else ""
    return (
        f"{line}: {problem or ' '.join(str(error).split())}; expected `key: value` lines, indented "
        "with spaces, and text that holds : or # in quotes"
    )


def _find(base, path, data_manifest):
    """File that `extends` of a study file names."""
    if not isinstance(base, str):
        raise ValueError(f"{path}: extends: expected the name of a study file, found {base!r}")
    own = Path(base).expanduser()
    places = [path.parent / own, data_manifest / own]
    if not Path(base).suffix:
        places = [place.with_name(f"{place.name}.yaml") for place in places]
    for place in places:
        if place.is_file():
            return place
    looked = " and ".join(str(place) for place in dict.fromkeys(places))
    raise FileNotFoundError(f"{path}: extends: no study file {base!r}; looked at {looked}")


def _lay_over(merged, keys, layer, file):
    """Lay the settings of a file over those that stand at `keys`."""
    below = merged.values
    for key in keys:
        below = below[key]
    for key, value in layer.items():
        merged.origins[(*keys, key)] = file
        is_group = isinstance(below.get(key), dict)
        if value is None and (is_group or not keys):
            below.pop(key, None)
        elif isinstance(value, dict):
            if not is_group:
                below[key] = {}
            _lay_over(merged, (*keys, key), value, file)
        else:
            below[key] = value
