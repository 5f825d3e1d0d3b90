"""A judge as a folder that travels: networks, settings, norms, a card, and a scan to try it on.

`package.json` holds `judge.Facts`, `networks/` a safetensors file for each model with the prior in
its last bias, `atlas/` the regions, `acceptance/` a made-up scan with what the package said of it
where it was made. `SHA256SUMS` lists all files (`sha256sum --check SHA256SUMS`); the hash of this
list is that of the package. No scan, id or diagnosis of a participant is in it.
"""

import hashlib
import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import torch
from pydantic import ValidationError

from datnet_core.network import Ensemble, build
from datnet_core.training.checkpoint import read_tensors, write_tensors
from datnet_images.atlas import read_atlas
from datnet_study.reporting.card import card_of
from datnet_study.reporting.judge import Facts, Judge

SCHEMA = 1  # of the folder; a change that older projects cannot read takes the next number
SUMS, FACTS = "SHA256SUMS", "package.json"
ATLAS = "atlas/regions_dseg.nii.gz"
PHANTOM, EXPECTED = "acceptance/phantom.nii.gz", "acceptance/expected.json"


def write_package(judge, folder, phantom, expected):
    """Write a judge into a folder, which appears only when it is whole.

    Parameters
    ----------
    judge : Judge
    folder : Path
        New, or that of an earlier package, which is replaced.
    phantom : nibabel.Nifti1Image
        A made-up scan in MNI space: output of `acceptance.made_up_scan`.
    expected : dict
        What the judge says of it: output of `acceptance.said_of`.

    Returns
    -------
    str
        Hash of the package.

    Raises
    ------
    ValueError
        If the folder holds something else.
    """
    folder = Path(folder)
    if folder.exists() and not (folder / FACTS).is_file():
        raise ValueError(
            f"{folder}: is there and is no package; expected a new folder, or that of an earlier "
            "package: give another one as OUT"
        )
    part = folder.with_name(f"part-{folder.name}")
    shutil.rmtree(part, ignore_errors=True)
    for name in ("networks", "atlas", "acceptance"):
        (part / name).mkdir(parents=True)
    facts = json.loads(judge.facts.model_dump_json())
    _write_json(part / FACTS, {"schema": SCHEMA, "facts": facts})
    for name, model in judge.models.items():
        write_tensors(part / f"networks/{name}.safetensors", model.state_dict(), {"model": name})
    nib.save(nib.Nifti1Image(judge.atlas.labels, judge.atlas.affine), part / ATLAS)
    table = pd.DataFrame({"index": judge.atlas.names.values(), "name": judge.atlas.names.keys()})
    table.to_csv(part / ATLAS.replace(".nii.gz", ".tsv"), sep="\t", index=False)
    nib.save(phantom, part / PHANTOM)
    _write_json(part / EXPECTED, expected)
    (part / "card.md").write_text(card_of(judge), encoding="utf-8")
    content = _sums(part)
    (part / SUMS).write_text(content)
    for path in part.rglob("*"):  # temporary files of the writers are readable by the owner only
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return _hash(content)


def read_package(folder):
    """The judge of a package.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    Judge

    Raises
    ------
    FileNotFoundError
        If there is no package.
    ValueError
        If a file is missing, added or changed, or the package is of another version; says which.
    """
    folder = Path(folder)
    if not (folder / FACTS).is_file() or not (folder / SUMS).is_file():
        raise FileNotFoundError(
            f"{folder}: no package; expected a folder with {FACTS} and {SUMS}, as make package "
            "writes it"
        )
    content = (folder / SUMS).read_text()
    _check(folder, content)
    record = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    if record.get("schema") != SCHEMA:
        raise ValueError(
            f"{folder}: package of version {record.get('schema')!r}, expected {SCHEMA}; use the "
            "version of this project that made it, or make the package again"
        )
    try:
        facts = Facts.model_validate(record.get("facts"))
    except ValidationError as error:
        where = ", ".join(".".join(map(str, line["loc"])) for line in error.errors())
        raise ValueError(
            f"{folder / FACTS}: {where}: not as this project writes it; make the package again"
        ) from None
    atlas = read_atlas(folder / ATLAS)
    if atlas.content != facts.atlas:
        raise ValueError(f"{folder / ATLAS}: another atlas than the networks learned with")
    paths = sorted((folder / "networks").glob("*.safetensors"))
    models = {path.name.removesuffix(".safetensors"): _model(path, facts) for path in paths}
    return Judge(facts, atlas, models, f"a package of the study {facts.name}", _hash(content))


def acceptance(folder):
    """Path of the made-up scan of a package, and what was said of it where the package was made."""
    folder = Path(folder)
    return folder / PHANTOM, json.loads((folder / EXPECTED).read_text())


def _model(path, facts):
    """The networks of one model."""
    members = [build(len(facts.diagnoses), facts.network) for _ in range(facts.network.n_members)]
    model = Ensemble(members, facts.network.both_sides)
    weights, _ = read_tensors(path)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"{path}: not the network that {FACTS} describes ({error})") from None
    return model.eval().to(memory_format=torch.channels_last_3d)


def _sums(folder):
    """Hash and name of each file of a folder, as `sha256sum` writes them."""
    lines = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name != SUMS:
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
    return "".join(lines)


def _check(folder, content):
    """Refuse a package whose files are not those that it was made of."""
    there, listed = _by_name(_sums(folder)), _by_name(content)
    problems = [f"{name} is missing" for name in sorted(set(listed) - set(there))]
    problems += [f"{name} does not belong to it" for name in sorted(set(there) - set(listed))]
    problems += [
        f"{name} was changed" for name in sorted(set(there) & set(listed))
        if there[name] != listed[name]
    ]  # fmt: skip
    if problems:
        raise ValueError(
            f"{folder}: not the package that was made: {'; '.join(problems)}. Copy it again"
        )


def _by_name(content):
    """Hashes of a list by the name of the file."""
    return {line[66:]: line[:64] for line in content.splitlines()}


def _hash(content):
    """Hash of a list of hashes."""
    return hashlib.sha256(content.encode()).hexdigest()


def _write_json(path, content):
    """Write numbers and words, in lines that a person can compare."""
    text = json.dumps(content, indent=1, default=_plain)
    path.write_text(f"{text}\n", encoding="utf-8")


def _plain(value):
    """A NumPy value as JSON has it."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)
