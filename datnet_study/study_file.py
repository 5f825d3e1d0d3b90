"""Read a study file: YAML that may start from another study file (`extends`)."""

from pathlib import Path
from typing import NamedTuple

import yaml


class Settings(NamedTuple):
    """The settings of a study, and the file that each of them stands in."""

    values: dict
    origins: dict  # keys from the top down, as a tuple, to the file

    def file_of(self, keys):
        """File of a setting, or of the nearest group around it."""
        known = (keys[:n] for n in range(len(keys), -1, -1) if keys[:n] in self.origins)
        return self.origins[next(known)]


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
        settings = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not readable as YAML\n{error}") from error
    if not isinstance(settings, dict):
        raise ValueError(f"{path}: expected `key: value` lines, found {type(settings).__name__}")
    return settings


def _find(base, path, data_manifest):
    """File that `extends` of a study file names."""
    if not isinstance(base, str):
        raise ValueError(f"{path}: extends: expected the name of a study file, found {base!r}")
    places = [path.parent / base, data_manifest / base]
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
