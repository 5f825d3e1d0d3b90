"""A second writer of archives for the importer, from public documents only.

Written without looking at the importer or at `dicom_archives`, and shares no code with them.
Sections of the DICOM standard are cited as PS3.3 (2025b); other sources stand where they count.
Everybody in these archives is invented.
"""

import copy
import itertools
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRLittleEndian,
    NuclearMedicineImageStorage,
    PositronEmissionTomographyImageStorage,
    RLELossless,
)
from second_head import SHAPE, ZOOM, planes

_counter = itertools.count(1)


def uid(root="1.2.276.0.7230010.3.1.99"):
    """Return a new UID below a root."""
    return f"{root}.{next(_counter)}"


def person(number, family, given, birth="19480229", sex="M", charset="ISO_IR 100"):
    """Return the patient module (PS3.3 C.7.1.1, C.7.2.2) of an invented person."""
    return {
        "SpecificCharacterSet": charset,
        "PatientName": f"{family}^{given}^^Dr.",
        "PatientID": number,
        "IssuerOfPatientID": "KLINIKUM-HEIDENAU",
        "PatientBirthDate": birth,
        "PatientSex": sex,
        "PatientWeight": "71.5",
        "OtherPatientNames": f"{family.upper()}^{given[0]}",
        "PatientAddress": "Quittengasse 17, 01809 Heidenau",
        "PatientTelephoneNumbers": "+49-3529-5550142",
        "PatientComments": f"{family}, Zimmer 4711, dement",
        "EthnicGroup": "Sorbe",
    }


def planted(people):
    """Return every text of some people that nobody outside the hospital may see."""
    fixed = ("Quittengasse", "Heidenau", "HEIDENAU", "5550142", "4711", "Sorbe", "Wachsmuth")
    fixed += ("ACC-77", "Zwickelstein", "1.2.276.0.7230010.3.1.99", "SN-90210", "PETSTATION9")
    own = []
    for one in people:
        family, given = one["PatientName"].split("^")[:2]
        own += [family, family.upper(), given, one["PatientID"].strip(), one["PatientBirthDate"]]
    return sorted({text for text in (*fixed, *own) if len(text) > 2})


def common(who, modality, when, description, study=None):
    """Modules of study, series and equipment, with what a hospital writes into them."""
    ds = Dataset()
    for name, value in who.items():
        setattr(ds, name, value)
    family = who["PatientName"].split("^")[0]
    ds.Modality = modality
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study or uid(), uid()
    ds.FrameOfReferenceUID = uid()
    ds.StudyDate = ds.SeriesDate = f"{when:%Y%m%d}"
    ds.StudyTime = ds.SeriesTime = f"{when:%H%M%S}.000"
    ds.AccessionNumber, ds.StudyID = "ACC-77" + f"{when:%y%m%d}", "770815"
    ds.ReferringPhysicianName, ds.OperatorsName = "Wachsmuth^Ottilie", "Zwickelstein^B"
    ds.InstitutionName, ds.InstitutionAddress = "Klinikum Heidenau", "Heidenau"
    ds.StationName, ds.DeviceSerialNumber = "PETSTATION9", "SN-90210"
    ds.StudyDescription = f"Hirn-PET {family} {who.get('PatientBirthDate', '')}"
    ds.SeriesDescription, ds.ProtocolName = description, f"Kopf {family}"
    ds.SeriesNumber = 3
    return ds


def pixels(ds, activity, slope):
    """Image pixel module: 16 bits, signed, value = slope * stored (PS3.3 C.8.9.4)."""
    stored = np.round(activity / slope).astype("<i2")
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = stored.shape[-2:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.RescaleIntercept, ds.RescaleSlope = "0", f"{slope:.8g}"
    ds.PixelData = stored.tobytes()


def save(ds, path, syntax=ExplicitVRLittleEndian, bare=False):
    """Write a file; `bare` leaves out preamble and meta header, as old archives did."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = syntax if syntax != RLELossless else ExplicitVRLittleEndian
    if syntax == RLELossless:
        ds.compress(RLELossless, generate_instance_uid=False)
    if bare:
        del ds.file_meta
        dcmwrite(path, ds, implicit_vr=True, little_endian=True, enforce_file_format=False)
    else:
        dcmwrite(path, ds, enforce_file_format=True)


def pet(
    folder,
    who,
    *,
    vendor="siemens",
    description="PET CFT AC",
    injected=datetime(2019, 5, 6, 9, 0),
    frames=((60, 15),),
    gains=None,
    series_start=None,
    units="BQML",
    decay="START",
    orientation=(1, 0, 0, 0, 1, 0),
    leave_out=(),
    study=None,
    nuclide=("C-11", 1223.4, "CFT"),
    name="IM{:06d}",
    change=None,
    **writing,
):
    """Write a PET series, one file for each slice and frame; frames in minutes after injection.

    Attributes are those of the PET series, isotope and image modules (PS3.3 C.8.9.1, C.8.9.2,
    C.8.9.4). The vendors differ in what public notes say of them: GE scales each slice by itself,
    Philips writes CNTS with private factors (7053,xx00 and xx09) to SUV and Bq/ml (QIBA profile,
    "SUV vendor-neutral pseudo-code"); Siemens counts SeriesTime from the start of the acquisition
    even where a late part of it is reconstructed (dcm2niix issue 983).
    """
    first = injected + timedelta(minutes=frames[0][0])
    ds = common(who, "PT", series_start or first, description, study)
    ds.SOPClassUID = PositronEmissionTomographyImageStorage
    ds.Manufacturer = {
        "siemens": "SIEMENS",
        "ge": "GE MEDICAL SYSTEMS",
        "philips": "Philips Medical Systems",
    }[vendor]
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.SeriesType = ["DYNAMIC" if len(frames) > 1 else "STATIC", "IMAGE"]
    ds.Units, ds.CountsSource, ds.DecayCorrection = units, "EMISSION", decay
    ds.CorrectedImage = ["DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM"]
    isotope = Dataset()
    isotope.Radiopharmaceutical, isotope.RadionuclideHalfLife = nuclide[2], str(nuclide[1])
    isotope.RadionuclideTotalDose = "370000000"
    isotope.RadiopharmaceuticalStartTime = f"{injected:%H%M%S}.00"
    if vendor != "ge":  # optional (type 3): GE's older software left the date out
        isotope.RadiopharmaceuticalStartDateTime = f"{injected:%Y%m%d%H%M%S}.00"
    ds.RadiopharmaceuticalInformationSequence = Sequence([isotope])
    ds.PixelSpacing = [str(ZOOM[1]), str(ZOOM[0])]  # between rows, then between columns
    ds.SliceThickness = str(ZOOM[2])
    ds.ImageOrientationPatient = [f"{value:.8g}" for value in orientation]
    ds.PatientPosition = "HFS"
    if vendor == "philips":
        block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", "0.000212")
        block.add_new(0x09, "DS", "1.71")
    ds.NumberOfSlices, ds.NumberOfTimeSlices = SHAPE[2], len(frames)
    stack = list(planes(orientation))
    if vendor == "siemens":  # the first file is the top of the head
        stack = stack[::-1]
    gains = gains or [1.0] * len(frames)
    for t, (begin, minutes) in enumerate(frames):
        start = injected + timedelta(minutes=begin)
        for k, (position, activity) in enumerate(stack):
            index = t * len(stack) + k + 1
            if index in leave_out:
                continue
            ds.SOPInstanceUID = uid()
            ds.InstanceNumber = ds.ImageIndex = index  # PS3.3 C.8.9.4.1.9
            ds.AcquisitionDate, ds.AcquisitionTime = f"{start:%Y%m%d}", f"{start:%H%M%S}.00"
            ds.ContentDate, ds.ContentTime = "20190507", "081500.00"
            ds.ActualFrameDuration = str(int(minutes * 60000))
            since = start - (series_start or first) + timedelta(minutes=minutes / 2)
            ds.FrameReferenceTime = f"{since.total_seconds() * 1000:.1f}"
            ds.ImagePositionPatient = [f"{value:.6f}" for value in position]
            ds.SliceLocation = f"{position[2]:.3f}"
            counts = 5000 * gains[t] * activity
            pixels(ds, counts, max(counts.max(), 1) / 30000 if vendor != "siemens" else 0.75)
            written = copy.deepcopy(ds) if change else ds
            if change:
                change(written)
            save(written, Path(folder) / name.format(index), **writing)
    return ds


def spect(
    folder,
    who,
    *,
    description="DaTSCAN Reconstructed",
    when=datetime(2019, 5, 6, 13, 0),
    image_type=("ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"),
    upwards=True,
    orientation=(1, 0, 0, 0, 1, 0),
    name="NM1",
    scale=900,
    change=None,
    **writing,
):
    """Write a reconstructed SPECT in one file (PS3.3 C.8.4.8, C.8.4.11, C.8.4.15).

    Position and orientation of the first frame are in the detector's item. By C.8.4.15 a positive
    spacing stacks along the cross product of row and column, a negative one against it.
    """
    ds = common(who, "NM", when, description)
    ds.SOPClassUID, ds.SOPInstanceUID = NuclearMedicineImageStorage, uid()
    ds.Manufacturer, ds.ImageType = "GE MEDICAL SYSTEMS", list(image_type)
    ds.AcquisitionDate, ds.AcquisitionTime = f"{when:%Y%m%d}", f"{when:%H%M%S}"
    step = ZOOM[2] if upwards else -ZOOM[2]
    normal = np.cross(*np.reshape(orientation or (1, 0, 0, 0, 1, 0), (2, 3)))
    stack = list(planes(orientation or (1, 0, 0, 0, 1, 0), step * normal))
    pixels(ds, np.stack([activity for _, activity in stack]) * scale, 1.0)
    del ds.RescaleSlope, ds.RescaleIntercept  # NM has no units and mostly no scaling
    ds.NumberOfFrames, ds.InstanceNumber = len(stack), 1
    ds.FrameIncrementPointer = 0x00540080
    ds.SliceVector, ds.NumberOfSlices = list(range(1, len(stack) + 1)), len(stack)
    ds.PixelSpacing = [str(ZOOM[1]), str(ZOOM[0])]
    ds.SliceThickness = str(ZOOM[2])
    ds.SpacingBetweenSlices = str(step)
    detector = Dataset()
    if orientation:
        detector.ImageOrientationPatient = [f"{value:.6f}" for value in orientation]
        detector.ImagePositionPatient = [f"{value:.4f}" for value in stack[0][0]]
    else:  # type 2: may be empty
        detector.ImageOrientationPatient = detector.ImagePositionPatient = None
    ds.DetectorInformationSequence = Sequence([detector])
    isotope = Dataset()
    isotope.Radiopharmaceutical = "I-123 Ioflupane"
    isotope.RadiopharmaceuticalStartTime = f"{when - timedelta(hours=4):%H%M%S}"
    ds.RadiopharmaceuticalInformationSequence = Sequence([isotope])
    if change:
        change(ds)
    save(ds, Path(folder) / name, **writing)
    return ds
