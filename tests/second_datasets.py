"""A raw BIDS data set and a download from LONI (PPMI), for the importer's second reading.

As `second_archives`, written from public documents only.
"""

import json
from datetime import datetime
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import NuclearMedicineImageStorage
from second_archives import pixels, save, spect, uid
from second_head import head

# What the BIDS specification asks of a `_pet.json` (PET, sections Time and Reconstruction):
# FrameTimesStart, InjectionStart and ScanStart are seconds from TimeZero, whatever that is.
SIDECAR = {
    "Manufacturer": "Siemens",
    "ManufacturersModelName": "HRRT",
    "InstitutionName": "Klinikum Heidenau",
    "InstitutionAddress": "Quittengasse 17",
    "Units": "Bq/mL",
    "TracerName": "CFT",
    "TracerRadionuclide": "C11",
    "InjectedRadioactivity": 370,
    "InjectedRadioactivityUnits": "MBq",
    "ModeOfAdministration": "bolus",
    "AcquisitionMode": "list mode",
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 0,
    "ReconMethodName": "3D-OSEM-PSF",
    "AttenuationCorrection": "transmission scan",
}


def volume(affine, shape):
    """Activity of the head on a grid (RAS, mm), shape (X, Y, Z)."""
    voxels = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    return head(voxels @ affine[:3, :3].T + affine[:3, 3])


@cache
def in_mni():
    """Counts on the grid of the MNI152 templates at 2 mm, whose first voxel is at this corner."""
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = -90, -126, -72
    return volume(affine, (91, 109, 91)) * 1000


def centred(zoom, shape, turn=None):
    """Affine of a grid with its middle at 0; a negative zoom counts an axis backwards."""
    affine = np.diag([*map(float, zoom), 1.0])
    if turn is not None:
        affine[:3, :3] = turn @ affine[:3, :3]
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine


def bids_image(path, affine, gains=None, dtype="int16", shape=(20, 23, 18)):
    """Write a NIfTI image, 4D with one gain for each frame (None: 3D), scaled integers."""
    data = volume(affine, shape) * 4000
    if gains is not None:
        data = np.stack([data * gain for gain in gains], -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    img = nib.Nifti1Image(data.astype("float32"), affine)
    img.set_data_dtype(dtype)
    img.header["descrip"] = b"Brzeczyszczykiewicz 19510721"
    img.to_filename(path)


def raw_bids(folder):
    """Write a raw PET data set of three participants, with a derivative below it.

    `sub-Kowalska` has two sessions of five frames; time zero is the injection. `sub-02` has time
    zero at the start of the scan, an hour after the injection, and no session; its units are kBq/mL
    and its columns run from right to left. `sub-03` inherits its sidecar from the top (BIDS, The
    inheritance principle) and has a second tracer, a blood table and an MRI.
    """
    folder = Path(folder)
    write = lambda path, text: (  # noqa: E731
        (folder / path).parent.mkdir(parents=True, exist_ok=True),
        (folder / path).write_text(text, encoding="utf-8"),
    )
    description = {"Name": "CFT Heidenau", "BIDSVersion": "1.10.0", "DatasetType": "raw"}
    write("dataset_description.json", json.dumps({**description, "Authors": ["O. Wachsmuth"]}))
    write("README", "Data of Brzeczyszczykiewicz and others")
    write(
        "participants.tsv",
        "participant_id\tage\tsex\tgroup\tinitials\n"
        "sub-Kowalska\t61\tF\tPD\tBrze\nsub-02\tn/a\tM\tcontrol\tn/a\nsub-03\t70\tm\tPD\tn/a\n",
    )
    frames = {
        "FrameTimesStart": [0, 600, 1800, 3600, 4500],
        "FrameDuration": [600, 1200, 1800, 900, 900],
    }
    zero = {"TimeZero": "13:04:42", "ScanStart": 0, "InjectionStart": 0}
    tilt = np.deg2rad(12)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    for session, zoom in (("pre", (8, 8, 9)), ("post", (-8, 8, 9))):
        stem = f"sub-Kowalska/ses-{session}/pet/sub-Kowalska_ses-{session}_pet"
        affine = centred(zoom, (20, 23, 18), turn)
        bids_image(folder / f"{stem}.nii.gz", affine, gains=[5, 3, 2, 1.0, 0.9])
        write(f"{stem}.json", json.dumps({**SIDECAR, **zero, **frames}))
    stem = "sub-02/pet/sub-02_pet"
    bids_image(folder / f"{stem}.nii", centred((-8, 8, 9), (20, 23, 18)), gains=[1.0, 0.9])
    late = {"TimeZero": "10:00:00", "ScanStart": 0, "InjectionStart": -3600, "Units": "kBq/mL"}
    times = {"FrameTimesStart": [0, 900], "FrameDuration": [900, 900]}
    write(f"{stem}.json", json.dumps({**SIDECAR, **late, **times}))
    static = {"TimeZero": "09:00:00", "ScanStart": 3600, "InjectionStart": 0}
    static |= {"FrameTimesStart": [3600], "FrameDuration": [900]}
    write("trc-CFT_pet.json", json.dumps({**SIDECAR, **static}))
    write("trc-FDG_pet.json", json.dumps({**SIDECAR, **static, "TracerName": "FDG"}))
    for tracer in ("CFT", "FDG"):
        stem = f"sub-03/ses-1/pet/sub-03_ses-1_trc-{tracer}_pet"
        bids_image(folder / f"{stem}.nii.gz", centred((8, 8, 9), (20, 23, 18)))
    stem = "sub-03/ses-1/pet/sub-03_ses-1_trc-CFT_recording-manual_blood"
    write(f"{stem}.tsv", "time\tplasma_radioactivity\n0\t0\n")
    bids_image(
        folder / "sub-03/ses-1/anat/sub-03_ses-1_T1w.nii.gz", centred((8, 8, 9), (20, 23, 18))
    )
    below = folder / "derivatives/petprep"
    write(
        "derivatives/petprep/dataset_description.json",
        json.dumps({**description, "DatasetType": "derivative", "GeneratedBy": [{"Name": "p"}]}),
    )
    for subject in ("Kowalska_ses-pre", "Kowalska_ses-post", "02"):
        name = subject.split("_")
        path = Path(*(f"sub-{name[0]}", *name[1:]), "pet")
        stem = f"sub-{subject}_space-MNI152NLin2009cAsym_desc-preproc_pet"
        bids_image(
            below / path / f"{stem}.nii.gz", centred((8, 8, 9), (20, 23, 18)), dtype="float32"
        )
        sidecar = {"Units": "Bq/mL", "SpatialReference": "Heidenau", "Sources": ["Kowalska"]}
        (below / path / f"{stem}.json").write_text(json.dumps(sidecar), encoding="utf-8")


# The heading of a collection's table, as public code that reads it quotes it:
# "Image Data ID","Subject","Group","Sex","Age","Visit","Modality",... with dates like 1/29/2018.
HEADING = (
    "Image Data ID,Subject,Group,Sex,Age,Visit,Modality,Description,Type,Acq Date,Format,Downloaded"
)

LONI = [  # image, subject, group, sex, age, visit, modality, description, type, date
    (
        "I240001",
        "3501",
        "PD",
        "M",
        "64",
        "SC",
        "SPECT",
        "Reconstructed DaTSCAN",
        "Original",
        "1/29/2011",
    ),
    (
        "I240002",
        "3501",
        "PD",
        "M",
        "66",
        "V06",
        "SPECT",
        "Reconstructed DaTSCAN",
        "Original",
        "2/14/2013",
    ),
    (
        "I240003",
        "3502",
        "Control",
        "F",
        "58",
        "SC",
        "SPECT",
        "Reconstructed DaTSCAN",
        "Pre-processed",
        "3/3/2011",
    ),
    (
        "I240004",
        "3503",
        "Control",
        "F",
        "71",
        "SC",
        "SPECT",
        "Reconstructed DaTSCAN",
        "Pre-processed",
        "10/12/2011",
    ),
    ("I240005", "3501", "PD", "M", "64", "SC", "MRI", "MPRAGE GRAPPA", "Original", "1/20/2011"),
    ("I240006", "3504", "SWEDD", "M", "60", "SC", "SPECT", "DaTSCAN", "Original", "12/1/2011"),
    (
        "I240007",
        "3505",
        "Prodromal",
        "F",
        "67",
        "BL",
        "SPECT",
        "Reconstructed DaTSCAN",
        "Original",
        "5/5/2014",
    ),
]


def loni_path(folder, row):
    """Path of an image: PPMI/subject/description/date_time/image id/file (rmarkello/ppmitobids)."""
    image, subject, *_, modality, description, _, date = row
    words = description.replace(" ", "_")
    day = datetime.strptime(date, "%m/%d/%Y")
    name = f"PPMI_{subject}_{modality}_{words}_Br_20120829_1_S1_{image}.dcm"
    return Path(folder) / "PPMI" / subject / words / f"{day:%Y-%m-%d}_16_28_47.0" / image / name


def preprocessed(path, subject, upside_down):
    """Write a pre-processed scan: 91 x 109 x 91 voxels of 2 mm, its place in MNI space lost.

    Users report such volumes without origin, some stacked from the top of the head.
    """
    frames = in_mni().transpose(2, 1, 0)[
        :, ::-1, ::-1
    ]  # rows from the front, columns from the right
    ds = Dataset()
    ds.PatientID = ds.PatientName = subject
    ds.Modality, ds.StudyDate, ds.SeriesDescription = "NM", "20110303", "Reconstructed DaTSCAN"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = uid(), uid(), uid()
    ds.SOPClassUID, ds.ImageType = (
        NuclearMedicineImageStorage,
        ["DERIVED", "SECONDARY", "RECON TOMO", "EMISSION"],
    )
    pixels(ds, frames[::-1] if upside_down else frames, 1.0)
    ds.NumberOfFrames, ds.FrameIncrementPointer = 91, 0x00540080
    ds.SliceVector, ds.NumberOfSlices = list(range(1, 92)), 91
    ds.PixelSpacing, ds.SliceThickness, ds.SpacingBetweenSlices = ["2", "2"], "2", "2"
    detector = Dataset()
    detector.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    detector.ImagePositionPatient = ["0", "0", "0"]
    ds.DetectorInformationSequence = Sequence([detector])
    save(ds, path)


def loni(folder):
    """Write a download of PPMI: folders, the collection's table, an XML file for each image."""
    folder = Path(folder)
    lines = [",".join(f'"{value}"' for value in HEADING.split(","))]
    for row in LONI:
        image, subject, _, sex, _, _, modality, description, kind, date = row
        lines.append(",".join(f'"{value}"' for value in (*row, "DCM", "2/01/2024")))
        path = loni_path(folder, row)
        day = datetime.strptime(date, "%m/%d/%Y")
        who = {"PatientID": subject, "PatientName": subject, "PatientSex": sex}
        if kind == "Pre-processed":
            preprocessed(path, subject, upside_down=image == "I240004")
        elif modality == "SPECT" and description.startswith("Recon"):
            spect(path.parent, who, description=description, when=day, name=path.name)
        elif modality == "SPECT":
            kind = ("ORIGINAL", "PRIMARY", "TOMO", "EMISSION")
            spect(
                path.parent, who, description=description, when=day, name=path.name, image_type=kind
            )
        else:
            change = lambda ds: setattr(ds, "Modality", "MR")  # noqa: E731
            spect(
                path.parent, who, description=description, when=day, name=path.name, change=change
            )
        xml = f"PPMI_{subject}_{description.replace(' ', '_')}_S1_{image}.xml"
        (folder / "PPMI" / xml).write_text(f"<subject>{subject}</subject>", encoding="utf-8")
    (folder / "DaTSCAN_2_01_2024.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
