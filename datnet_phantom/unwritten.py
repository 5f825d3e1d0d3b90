"""Phantom scans straight into one array, without a file for each: many people, for a yardstick.

They are of the generator of a cohort, drawn from streams of their own: nobody of them is in a
cohort. Uptake ratios are made as those of a study, but for the whole numbers of its files.
"""

import hashlib
import json
from math import ceil

import nibabel as nib
import numpy as np

from datnet_core.files import whole
from datnet_core.fingerprint import code_hash
from datnet_core.progress import progress
from datnet_core.training.subsets import drawn_order
from datnet_images.volumes import volume_of
from datnet_phantom.cohort import Cohort
from datnet_phantom.people import draw_participants
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import read_scene, render
from datnet_phantom.streams import Stream, generator

CHUNK = 20  # scans after which a stopped run continues


def yardstick_people(n, groups, calibration, control, *, seed=0, identical_patients=False):
    """People of the generator, each beginning of the table with the shares of the diagnoses.

    Parameters
    ----------
    n : int
        Number of people.
    groups : mapping of str to int
        Number of each diagnosis in a cohort, whose shares they are to have.
    calibration : Calibration
        Output of `numbers.read_calibration`.
    control : str
        Diagnosis without any loss.
    seed : int
    identical_patients : bool
        As in `Cohort`.

    Returns
    -------
    DataFrame, one row per person
        Columns of `scans.tsv`, with the true `diagnosis`, and the binding ratio of each of
        `regions.BINDING_COLUMNS`.

    Raises
    ------
    ValueError
        As `draw_participants`.
    """
    total = sum(groups.values())
    enough = {name: ceil(n * size / total) for name, size in groups.items() if size}
    cohort = Cohort({"definite": enough}, seed=seed, identical_patients=identical_patients)
    scans, truth = draw_participants(cohort, calibration, control, Stream.YARDSTICK_PEOPLE)
    people = scans.join(truth[list(BINDING_COLUMNS)]).set_index("participant_id", drop=False)
    order = drawn_order(scans["participant_id"], scans["diagnosis"], seed)
    return people.loc[order[:n]].reset_index(drop=True)


def unwritten_scans(
    people, n, array_path, atlas, calibration, reference_region, *, spacing_mm, field, seed
):
    """Uptake ratios of the first people of a table; those that are there are kept.

    Parameters
    ----------
    people : DataFrame
        Output of `yardstick_people`.
    n : int
        Number of people to have the scans of.
    array_path : Path
        File with a row for each of `people`; a `.json` beside it says how many are made.
    atlas : Atlas
        Anatomy.
    calibration : Calibration
        Output of `numbers.read_calibration`.
    reference_region : str
        Region that normalises the counts.
    spacing_mm : float
        Voxel size of the study grid, mm.
    field : tuple of 3 slice
        Part of that grid which is kept.
    seed : int
        Of anatomy, noise, misregistration and counts.

    Returns
    -------
    numpy.memmap of float32, shape (len(people), x, y, z)
        Unitless, 1 in the reference region on average; 0 where no scan is made.
    """
    shape = (len(people), *(part.stop - part.start for part in field))
    made_from = {
        "people": people.to_csv(index=False),
        "calibration": calibration.model_dump(mode="json"),
        "atlas": atlas.content,
        "code": code_hash(__file__),
        "kept": [reference_region, spacing_mm, repr(field), seed],
    }
    inputs = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
    record = array_path.with_suffix(".json")
    known = json.loads(record.read_text()) if record.is_file() and array_path.is_file() else {}
    done = known["done"] if known.get("inputs") == inputs else 0
    if not done:
        with whole(array_path) as part:
            np.lib.format.open_memmap(part, "w+", np.float32, shape).flush()
    array = np.lib.format.open_memmap(array_path, "r+")
    scene = read_scene(atlas, calibration)
    for row in progress(range(done, n), "simulating scans"):
        person = people.iloc[row]
        number = int(person["participant_id"].removeprefix("sub-"))
        rng = generator(Stream.YARDSTICK_SCANS, seed, number)
        counts = render(person, person["age"], scene, calibration, rng)
        img = nib.Nifti1Image(counts, atlas.affine)
        array[row] = volume_of(img, atlas, spacing_mm, reference_region)[field]
        if (row + 1) % CHUNK == 0 or row + 1 == n:
            array.flush()  # first: the record may not speak of what a crash could lose
            with whole(record) as part:
                part.write_text(json.dumps({"inputs": inputs, "done": row + 1}))
    return np.load(array_path, mmap_mode="r")
