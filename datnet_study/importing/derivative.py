"""The folder that an import writes: a BIDS derivative with a scan table for a study.

Every file is made here from scratch: images with a header of geometry only, sidecars and tables of
what `SourceScan` says may be written. Nothing of the source is copied along.
"""

import csv
import io
import json

import nibabel as nib
import numpy as np

from datnet_core.files import whole

COLUMNS = (
    "participant_id", "session_id", "path", "diagnosis", "certainty", "age", "sex",
    "symptom_duration_years", "updrs", "hoehn_yahr", "injection_to_scan_min",
)  # fmt: skip
ALWAYS = COLUMNS[:3]
STATE = "import.json"
OLDEST = 90  # years, and for all who are older: ages over 89 identify (HIPAA, 45 CFR 164.514)
SOURCES = {"bids": "a BIDS data set", "dicom": "DICOM files", "ppmi": "a PPMI archive"}
DESCRIPTION = {
    "Name": "Scans imported for a DAT-Net study",
    "BIDSVersion": "1.10.0",
    "DatasetType": "derivative",
    "GeneratedBy": [{"Name": "datnet_study.importing"}],
}
ALL_SCANS = {"SkullStripped": False}  # BIDS requires it; a source that knows better says so
README = """Scans imported from {source}.

Participants have ids that only the owner of the source can trace back; dates, names and free text
of the source are not here. `scans.tsv` is what a study reads. The licence of the source holds.
"""
PEOPLE = {
    "age": {"Description": "Age at the first scan; 90 stands for 90 or older", "Units": "year"},
    "sex": {"Description": "Sex", "Levels": {"F": "female", "M": "male"}},
}


def start_derivative(target, kind):
    """Write the files that say what a folder is; those of an earlier import are kept.

    Parameters
    ----------
    target : Path
    kind : str
        A key of `SOURCES`.

    Raises
    ------
    ValueError
        If the folder holds something else.
    """
    description = target / "dataset_description.json"
    ours = json.dumps(DESCRIPTION | {"SourceDatasets": [{"Description": SOURCES[kind]}]}, indent=1)
    if target.is_dir() and any(target.iterdir()):
        if not description.is_file() or description.read_text() != f"{ours}\n":
            raise ValueError(
                f"{target}: holds other files; expected a new folder, or that of an earlier import "
                f"from {SOURCES[kind]}: give another one as TO"
            )
    else:
        _write_text(description, f"{ours}\n")
    _write_text(target / "README", README.format(source=SOURCES[kind]))
    _write_text(target / "participants.json", json.dumps(PEOPLE, indent=1) + "\n")
    _write_text(target / ".bidsignore", f"scans.tsv\n{STATE}\n")


def image_path(participant_id, session_id):
    """Path of a scan below the folder, as BIDS names it; SPECT too, for which it has no name."""
    name = f"{participant_id}_{session_id}_desc-imported_pet.nii.gz"
    return f"{participant_id}/{session_id}/pet/{name}"


def write_imported(path, img, sidecar):
    """Write an image and, before it, its sidecar: where the image stands, both are there.

    Parameters
    ----------
    path : Path
    img : nibabel.Nifti1Image
        3D. Its header is not used: it may hold text, and files of other kinds.
    sidecar : dict

    Raises
    ------
    ValueError
        If the image is not 3D, or has voxels without any value.
    """
    data = np.asanyarray(img.dataobj)
    if data.ndim != 3 or min(data.shape) < 2:
        raise ValueError(f"shape {data.shape}; expected three axes: take one frame of it")
    if data.dtype.kind not in "iu" or data.dtype.itemsize > 2:
        data = data.astype(np.float32)
    if not np.isfinite(data).all():
        raise ValueError("voxels without a finite number; expected counts: export it again")
    clean = nib.Nifti1Image(data, img.affine)
    clean.header.set_xyzt_units("mm", "sec")
    path.unlink(missing_ok=True)  # an image of something else must not get this sidecar
    _write_text(_sidecar_path(path), json.dumps(sidecar, indent=1) + "\n")
    with whole(path) as part:
        nib.save(clean, part)


def source_key(path):
    """The key of the source that an image which stands there was made from, or None."""
    if not path.is_file() or not _sidecar_path(path).is_file():
        return None
    return json.loads(_sidecar_path(path).read_text()).get("SourceKey")


def write_scan_tables(target, rows):
    """Write participants, and last the scans: where their table stands, the import is complete.

    Parameters
    ----------
    target : Path
    rows : list of dict
        Scans, by the names of `COLUMNS`. A column that nobody has is left out; an age of 90 or more
        is written as 90.
    """
    rows, first = [row | {"age": _shown_age(row.get("age"))} for row in rows], {}
    for row in rows:
        first.setdefault(row["participant_id"], row)
    _write_rows(target / "participants.tsv", ("participant_id", "age", "sex"), first.values())
    known = [name for name in COLUMNS if any(row.get(name) is not None for row in rows)]
    _write_rows(target / "scans.tsv", list(dict.fromkeys((*ALWAYS, *known))), rows)


def _shown_age(age):
    """An age as it may be written."""
    return OLDEST if age is not None and float(age) > OLDEST else age


def _write_rows(path, columns, rows):
    """Tab-separated, with `n/a` for what is not known."""
    text = io.StringIO()
    table = csv.writer(text, delimiter="\t", lineterminator="\n")
    table.writerow(columns)
    for row in rows:
        table.writerow("n/a" if row.get(name) is None else row[name] for name in columns)
    _write_text(path, text.getvalue())


def _write_text(path, text):
    """Write a text file whole."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def _sidecar_path(path):
    """Path of the facts beside an image."""
    return path.with_name(path.name.replace(".nii.gz", ".json"))
