"""Archives for the tests of the import: DICOM files written from volumes, as scanners write them.

It shares no code with the importer. Sections are those of the DICOM standard, part 3 (PS3.3).
"""

import numpy as np
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRLittleEndian,
    NuclearMedicineImageStorage,
    PositronEmissionTomographyImageStorage,
    generate_uid,
)

# Every element of text in the dictionary of the standard (PS3.6), without commands and the
# header of the file, dates of a person, and a term (CS). Tests plant the id themselves.
TEXTS = (
    *(entry[4] for tag, entry in DicomDictionary.items()
      if tag >= 0x00080000 and entry[0] in ("LO", "SH", "PN", "LT", "ST", "UT", "UC") and entry[4]),
    "PatientBirthDate", "PatientBirthTime", "DecayCorrectionDateTime", "FrameOfReferenceUID",
    "SynchronizationFrameOfReferenceUID", "EthnicGroup",
)  # fmt: skip
DATES = {"PatientBirthDate": "19430217", "PatientBirthTime": "034411",
         "DecayCorrectionDateTime": "20190823055117"}  # fmt: skip


def planted(dataset):
    """Fill every such element of a header with words of its own; returns all of them."""
    words = []
    for number, name in enumerate(TEXTS):
        if name == "PatientID":
            continue
        word = DATES.get(name, f"PLANT{number:04d}X")
        if name.endswith("UID"):
            word = generate_uid(entropy_srcs=[name])
        setattr(dataset, name, word)
        words.append(word)
    block = dataset.private_block(0x0029, "PLANTVENDOR", create=True)
    block.add_new(0x01, "LO", "PLANTPRIVATE")
    for item in dataset.get("RadiopharmaceuticalInformationSequence", []):
        item.Radiopharmaceutical = "PLANTTRACER"
    return [*words, "PLANTPRIVATE", "PLANTVENDOR", "PLANTTRACER"]


def header(kind, **elements):
    """What both kinds of images have."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = kind
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.PatientID, dataset.PatientSex, dataset.PatientAge = "7734551", "M", "064Y"
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = "20190823"
    dataset.StudyTime, dataset.SeriesTime = "130000", "141500"
    dataset.SeriesNumber, dataset.PatientPosition = 3, "HFS"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def as_stored(volume):
    """Volume along x, y, z of RAS+ to frames, rows and columns; both grow to the left and back."""
    return volume[::-1, ::-1].transpose(2, 1, 0)


def corner(volume, affine):
    """DICOM position of the first stored voxel, mm; DICOM counts to the left and back (C.7.6.2)."""
    x, y, z = affine[:3, :3] @ [volume.shape[0] - 1, volume.shape[1] - 1, 0] + affine[:3, 3]
    return [-x, -y, z]


def write_pet(folder, volume, affine, plant=False, skipped=(), frame=None, change=None, **elements):
    """One file a slice (C.8.9.1 to C.8.9.4); returns the words planted.

    Slices have slopes of their own. `skipped` slices are declared and not written. `frame` is
    (number, of, start in s, length in s). `change` is a function of the header of each slice.
    """
    folder.mkdir(parents=True, exist_ok=True)
    number, n_frames, start, length = frame or (0, 1, 0, 900)
    uids = {"StudyInstanceUID": generate_uid(entropy_srcs=[str(folder)]),
            "SeriesInstanceUID": generate_uid(entropy_srcs=[str(folder), "series"])}  # fmt: skip
    frames, origin, words = as_stored(volume), corner(volume, affine), []
    for k, pixels in enumerate(frames):
        if k in skipped:
            continue
        slope = max(float(pixels.max()), 1e-6) / 32767
        dataset = header(PositronEmissionTomographyImageStorage, Modality="PT", **uids)
        dataset.ImageType = ["ORIGINAL", "PRIMARY"]
        dataset.Units, dataset.DecayCorrection, dataset.CountsSource = "BQML", "START", "EMISSION"
        dataset.SeriesType = ["STATIC" if n_frames == 1 else "DYNAMIC", "IMAGE"]
        dataset.NumberOfSlices, dataset.NumberOfTimeSlices = len(frames), n_frames
        dataset.ImageIndex = number * len(frames) + k + 1  # C.8.9.4.1.9
        dataset.InstanceNumber = dataset.ImageIndex
        dataset.AcquisitionTime = clock(14 * 3600 + 15 * 60 + start)
        dataset.FrameReferenceTime = (start + length / 2) * 1000  # ms
        dataset.ActualFrameDuration = length * 1000  # ms
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.PixelSpacing = [affine[1, 1], affine[0, 0]]
        dataset.SliceThickness = affine[2, 2]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.ImagePositionPatient = [*origin[:2], origin[2] + k * affine[2, 2]]
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{slope:.10g}"[:16], 0
        tracer = Dataset()
        tracer.RadiopharmaceuticalStartTime = "131500"
        tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = 370e6, 1223.4
        dataset.RadiopharmaceuticalInformationSequence = Sequence([tracer])
        for name, value in elements.items():
            setattr(dataset, name, value)
        words = planted(dataset) if plant else []
        if change:
            change(dataset)
        dataset.PixelData = np.round(pixels / slope).astype("<u2").tobytes()
        path = folder / f"{dataset.ImageIndex:04d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
    return words


def write_nm(path, volume, affine, plant=False, downwards=False, change=None, **elements):
    """One file with all slices (C.8.4.8 to C.8.4.15); returns the words planted.

    `downwards`: the first frame is the top one, so the spacing of slices is negative (C.8.4.15).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    frames, origin = as_stored(volume), corner(volume, affine)
    dataset = header(NuclearMedicineImageStorage, Modality="NM")
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=[str(path)])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[str(path), "series"])
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]  # C.8.4.9.1.1
    dataset.AcquisitionTime, dataset.InstanceNumber = "171500", 1
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = frames.shape
    dataset.FrameIncrementPointer = 0x00540080
    dataset.SliceVector = list(range(1, len(frames) + 1))
    dataset.NumberOfSlices = len(frames)
    dataset.PixelSpacing = [affine[1, 1], affine[0, 0]]
    dataset.SliceThickness = affine[2, 2]
    dataset.SpacingBetweenSlices = affine[2, 2]
    if downwards:
        frames = frames[::-1]
        origin[2] += (len(frames) - 1) * affine[2, 2]
        dataset.SpacingBetweenSlices = -affine[2, 2]
    detector = Dataset()
    detector.ImageOrientationPatient, detector.ImagePositionPatient = [1, 0, 0, 0, 1, 0], origin
    dataset.DetectorInformationSequence = Sequence([detector])
    tracer = Dataset()
    tracer.RadiopharmaceuticalStartTime = "131500"
    dataset.RadiopharmaceuticalInformationSequence = Sequence([tracer])
    for name, value in elements.items():
        setattr(dataset, name, value)
    words = planted(dataset) if plant else []
    if change:
        change(dataset)
    dataset.PixelData = np.round(frames).astype("<u2").tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return words


def clock(seconds):
    """Seconds of the day as DICOM writes a time (PS3.5, 6.2)."""
    seconds = int(seconds) % 86400
    return f"{seconds // 3600:02d}{seconds % 3600 // 60:02d}{seconds % 60:02d}"


PPMI_COLUMNS = "Image Data ID,Subject,Group,Sex,Age,Visit,Modality,Description,Type,Acq Date"


def write_ppmi(root, images):
    """An archive as LONI IDA gives it out: folders of images, and the search table.

    `images` are dictionaries: subject, group, sex, age, visit, id, kind, volume and affine, what
    `write_nm` takes besides, and `unplaced` for a header without a position.
    """
    root.mkdir(parents=True, exist_ok=True)
    lines = [PPMI_COLUMNS]
    for image in images:
        number, subject, kind = image["id"], image["subject"], image.get("kind", "Pre-processed")
        cells = [f"I{number}", subject, *(image[key] for key in ("group", "sex", "age", "visit"))]
        cells += ["SPECT", "Reconstructed_DaTSCAN", kind, "8/23/2019"]
        lines.append(",".join(f'"{cell}"' for cell in cells))
        folder = root / f"PPMI/{subject}/Reconstructed_DaTSCAN/2019-08-23_13_00_00.0/I{number}"
        series = f"Reconstructed_DaTSCAN_Br_20190823130000_1_S{number + 7}"
        path = folder / f"PPMI_{subject}_NM_{series}_I{number}.dcm"
        options = {key: image[key] for key in ("downwards", "plant") if key in image}
        if image.get("unplaced"):
            options["change"] = lambda header: delattr(header, "DetectorInformationSequence")
        write_nm(path, image["volume"], image["affine"], PatientID=str(subject), **options)
    (root / "search_8_23_2024.csv").write_text("\n".join(lines) + "\n")
