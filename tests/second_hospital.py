"""What a hospital's PACS hands out: scans of many kinds in one folder, and what is none."""

import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
from pydicom.uid import CTImageStorage, RLELossless, SecondaryCaptureImageStorage
from second_archives import common, person, pet, pixels, save, spect, uid
from second_head import SHAPE

PEOPLE = {
    "dynamic": person("KH-0012345", "Müller-Lüdenscheidt", "José"),
    "midnight": person("0000778", "O'Briain", "Seán", "19551103", charset="ISO_IR 192"),
    "twice": person("  8812 ", "Çelikkol", "Gülşen", "19610914", "F", charset="ISO_IR 192"),
    "late": person("A/31/7", "Nowosielska", "Zofia", "19491224", "F"),
    "hole": person("55501", "Fehlschicht", "Bruno"),
    "short": person("55502", "Endstueck", "Alma", sex="F"),
    "across": person("55503", "Nachtwandler", "Cosima", sex="F"),
    "prone": person("55504", "Baeuchling", "Detlev"),
    "oblique": person("55505", "Schraegkopf", "Edeltraud", sex="F"),
    "bare": person("55506", "Altarchiv", "Friedhelm"),
    "packed": person("55507", "Lauflaenge", "Gundula", sex="F"),
    "suv": person("55508", "Gramm", "Hartmut"),
    "uncorrected": person("55509", "Zweifach", "Irmtraud", sex="F"),
    "zipped": person("55510", "Reissverschluss", "Jochen"),
    "copied": person("55511", "Doppelgaenger", "Kunibert"),
    "tracers": person("55512", "Zweistoff", "Leokadia", sex="F"),
    "spect": person("66601", "Einzelphoton", "Manfred"),
    "spect down": person("66602", "Kopfunter", "Notburga", sex="F"),
    "projections": person("66603", "Rohdaten", "Ottokar"),
    "unplaced": person("66604", "Ortlos", "Petronella", sex="F"),
    "nobody 1": person("", "Namenlos", "Quirin"),
    "nobody 2": person("", "Unbekannt", "Roswitha", sex="F"),
}
TILT = np.deg2rad(10)
DYNAMIC = ((0, 60), (60, 15), (75, 15))
MINUTES = ((60, 15), (75, 15))


def neighbours(folder, who, when, study):
    """Write what lies beside a PET: a CT, a capture of the screen with a name in it, litter."""
    folder = Path(folder)
    for k in range(4):
        ds = common(who, "CT", when, "CT Schädel nativ", study)
        ds.SOPClassUID, ds.SOPInstanceUID, ds.InstanceNumber = CTImageStorage, uid(), k + 1
        ds.ImageType, ds.PixelSpacing, ds.SliceThickness = ["ORIGINAL", "PRIMARY"], ["8", "8"], "7"
        ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 7 * k]
        pixels(ds, np.full((8, 8), 40.0), 1.0)
        save(ds, folder / f"CT{k}")
    ds = common(who, "PT", when, f"MIP {who['PatientName']}", study)
    ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, uid()
    ds.ImageType, ds.ConversionType, ds.InstanceNumber = ["DERIVED", "SECONDARY"], "WSD", 1
    ds.BurnedInAnnotation = "YES"
    pixels(ds, np.full((32, 32), 9.0), 1.0)
    del ds.RescaleSlope, ds.RescaleIntercept
    save(ds, folder / "SC1")
    (folder / "Befund Müller-Lüdenscheidt.pdf").write_bytes(b"%PDF-1.4 Befund")
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (folder / "empty").write_bytes(b"")


def quantitative(ds):
    """Turn a header into one of SUV images."""
    ds.Units = "GML"


def without_attenuation(ds):
    """Turn a header into one of the reconstruction without attenuation correction."""
    ds.CorrectedImage, ds.Units = ["DECY", "DTIM", "RAN", "NORM"], "PROPCNTS"


def hospital(folder):
    """Write one export: everybody in `PEOPLE` (see `tests/study/importing`)."""
    folder, export = Path(folder), Path(folder) / "DICOM"
    day = datetime(2019, 5, 6, 9, 0)
    who = PEOPLE
    ds = pet(
        export / "ST0/SE0",
        who["dynamic"],
        description="CFT dyn Müller-Lüdenscheidt *19480229",
        frames=DYNAMIC,
        gains=[3, 1.0, 0.9],
    )
    neighbours(export / "ST0/SE0", who["dynamic"], day, ds.StudyInstanceUID)
    (folder / "DICOMDIR").write_bytes(bytes(128) + b"DICM")
    (folder / "AUTORUN.INF").write_text("[autorun]")
    late = datetime(2019, 5, 6, 23, 15)
    pet(
        export / "ST1",
        who["midnight"],
        vendor="ge",
        injected=late,
        name="i{}.CTDC.1",
        frames=MINUTES[:1],
    )
    pet(export / "ST2", who["twice"], vendor="philips", units="CNTS")
    again = datetime(2021, 6, 7, 10, 30)
    padded = {**who["twice"], "PatientID": "8812", "PatientName": "CELIKKOL^GULSEN"}
    pet(export / "ST3", padded, vendor="philips", units="CNTS", injected=again)
    pet(export / "ST4", who["late"], series_start=day, decay="ADMIN")
    pet(export / "ST5", who["hole"], leave_out=[9])
    pet(export / "ST6", who["short"], leave_out=[SHAPE[2]])
    late = datetime(2019, 5, 6, 22, 50)  # 60 to 75 minutes: 23:50 to 00:05
    pet(
        export / "ST7",
        who["across"],
        vendor="ge",
        injected=late,
        frames=DYNAMIC,
        gains=[3, 1, 0.9],
    )
    pet(export / "ST8", who["prone"], orientation=(-1, 0, 0, 0, -1, 0))
    tilted = (np.cos(TILT), np.sin(TILT), 0, -np.sin(TILT), np.cos(TILT), 0)
    sagittal = (0, 1, 0, 0, 0, -1)
    pet(export / "ST9", who["oblique"], orientation=tilted)
    pet(export / "ST10", who["bare"], bare=True, vendor="ge", name="{}")
    pet(export / "ST11", who["packed"], syntax=RLELossless, orientation=sagittal)
    pet(export / "ST12", who["suv"], units="GML")
    ds = pet(export / "ST13", who["uncorrected"], description="PET Hirn AC")
    nac = {"description": "PET Hirn NAC", "units": "PROPCNTS", "change": without_attenuation}
    pet(export / "ST13", who["uncorrected"], name="NAC{}", study=ds.StudyInstanceUID, **nac)
    pet(folder / "tmp", who["zipped"])
    with zipfile.ZipFile(folder / "Reissverschluss.zip", "w") as packed:
        for path in sorted((folder / "tmp").iterdir()):
            packed.write(path, path.name)
            path.unlink()
    (folder / "tmp").rmdir()
    pet(export / "ST14", who["copied"])
    (folder / "Kopie von DICOM").mkdir()
    for path in sorted((export / "ST14").iterdir()):
        (folder / "Kopie von DICOM" / path.name).write_bytes(path.read_bytes())
    fluor = ("F-18", 6586.2, "Fluorodeoxyglucose")
    pet(
        export / "ST15", who["tracers"], description="PET FDG AC", nuclide=fluor, frames=((45, 15),)
    )
    pet(export / "ST16", who["tracers"], injected=datetime(2019, 5, 8, 9, 0))
    spect(export / "NM1", who["spect"])
    spect(export / "NM2", who["spect down"], upwards=False)
    tomo = ("ORIGINAL", "PRIMARY", "TOMO", "EMISSION")
    spect(export / "NM3", who["projections"], image_type=tomo)
    spect(export / "NM4", who["unplaced"], orientation=None)
    pet(export / "X1", who["nobody 1"])
    pet(export / "X2", who["nobody 2"])
