"""What a page depends on: the settings and files it reads.

Read from the page's source, so that the workflow needs no list of its own.
"""

import ast
import json
from pathlib import Path


def data_read(source, study):
    """Files of `data_manifest/` that a page reads: atlas, phantom numbers, claims, study files.

    Parameters
    ----------
    source : Path
        A py:percent page.
    study : Study

    Returns
    -------
    list of Path
    """
    text, atlas = Path(source).read_text(), study.atlas_path
    files = {
        "config.atlas_path": [atlas, atlas.with_name(atlas.name.replace(".nii.gz", ".tsv"))],
        "config.calibration_path": [study.calibration_path],
        "claims_table(": [study.data_manifest / "claims.tsv"],
        "claims.tsv": [study.data_manifest / "claims.tsv"],
        "paper.yaml": [study.data_manifest / "paper.yaml"],
    }
    return list(dict.fromkeys(p for word, paths in files.items() if word in text for p in paths))


def results_read(source):
    """Whether a page reads the array of scans, whose record has a hash of the images.

    Parameters
    ----------
    source : Path
        A py:percent page.

    Returns
    -------
    list of str
        `volumes.json`, or nothing.
    """
    return ["volumes.json"] * ('(config, "volumes.npy")' in Path(source).read_text())


def forget_lost_models(results, n_members):
    """Delete the notebooks of models that have lost a file, so that they are trained again.

    The result of the page that starts from them goes too: the workflow makes a missing file again
    only where something that is to be made needs it.

    Weights cannot be outputs of the workflow, which would delete them before a run continues.

    Parameters
    ----------
    results : Path
        Folder of the study.
    n_members : int
        Networks of each model of the study; a recipe has one.

    Returns
    -------
    list of Path
        Notebooks that were deleted.
    """
    lost = []
    for notebook in sorted(results.glob("fits/*.ipynb")):
        if notebook.stem.endswith(".log"):  # of a page that failed, or still runs
            continue
        *variant, stage = notebook.stem.split(".")
        folder, page, n_expected = results / "models", "training", n_members
        if variant and variant[0] == "recipe":
            folder, page, n_expected = folder / "recipes" / variant[1], "resolution", 1
        elif variant:
            folder, page = folder / variant[0], "protocol"
        folder /= stage
        nothing_to_learn = folder.is_dir() and not any(folder.iterdir())
        files = [
            folder / f"member-{j}" / name
            for j in range(n_expected)
            for name in ("weights.safetensors", "config.json")
        ]
        if not nothing_to_learn and not all(file.is_file() for file in files):
            notebook.unlink()
            (results / f"{page}.json").unlink(missing_ok=True)
            lost.append(notebook)
    return lost


def settings_read(source, study):
    """The parts of a study file that a page reads, found as `config.<name>` in its source.

    The workflow re-runs a page when one of them changes.

    Parameters
    ----------
    source : Path
        A py:percent page.
    study : Study

    Returns
    -------
    dict of str to str
        Name of the setting and its value as JSON.
    """
    names = {
        node.attr
        for node in ast.walk(ast.parse(Path(source).read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "config"
    }
    if "notice(config)" in Path(source).read_text():
        names.add("notice")
    derived = {
        "patients": ("diagnoses", "control"),
        "compared": ("diagnoses", "control"),
        "notice": ("phantom", "title", "dataset"),
        "dataset_root": ("phantom", "dataset"),
        "recipe": ("images", "network"),  # recipes themselves: in the Snakefile, one by one
        "volumes": ("images",),
    }
    fields = {field for name in names for field in derived.get(name, (name,))}
    settings = study.model_dump(mode="json")
    return {name: json.dumps(settings[name]) for name in sorted(fields & set(settings))}
