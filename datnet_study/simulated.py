"""Weights that were trained on simulated people: whether the networks of a study can start there.

`data_manifest/simulated/card.md` says what they learned from and what is assumed in them. Nothing
heavy is imported: a study that does not fit is refused in its first second.
"""

import json
from dataclasses import asdict

from datnet_study.problems import problem_list

FOLDER = "simulated"  # in data_manifest/
FILES = ("weights.safetensors", "config.json")
ALIKE = ("field_mm", "n_filters", "n_levels", "normalisation", "standardised", "resized_to")


def weight_files(study):
    """Paths of the weights and of what they say about themselves."""
    return [study.data_manifest / FOLDER / name for name in FILES]


def check_start(study):
    """Refuse a study that asks for these weights and has another network, grid or reference.

    Parameters
    ----------
    study : Study

    Raises
    ------
    FileNotFoundError
        If the weights are not there.
    ValueError
        One line per setting: what it is, and what was expected.
    """
    asking = [n for n in ("study", *study.recipes) if study.recipe(n).training.starts_simulated]
    if not asking:
        return
    for path in weight_files(study):
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is missing, and training.pretrain_on starts from it; get it from the "
                "project again, or make it: python data_manifest/pretrain_simulated.py"
            )
    made = json.loads(weight_files(study)[1].read_text())
    problems = [text for name in asking for text in _differences(study, name, made)]
    if problems:
        raise problem_list(
            f"{study.source}: the networks cannot start from simulated people; change these, or "
            "set pretrain_on: cohort",
            problems,
        )


def _differences(study, name, made):
    """Settings of a study or a recipe that are others than those of the weights, in words."""
    grid_mm, network, _ = study.recipe(name)
    network = json.loads(json.dumps(asdict(network)))  # tuples as lists, as in the file
    above = "" if name == "study" else f"recipes.{name}."
    grid = "images.grid_mm" if name == "study" else f"{above}grid_mm"
    pairs = {
        grid: (grid_mm, made["grid_mm"]),
        "images.reference_region": (study.images.reference_region, made["reference_region"]),
    }
    pairs |= {f"{above}network.{key}": (network[key], made["network"][key]) for key in ALIKE}
    return [f"{key} is {a}, expected {b}" for key, (a, b) in pairs.items() if a != b]
