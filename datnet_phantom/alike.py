"""Scans that share all chance and differ in binding, made only where that matters.

The chain is that of `scanner.render`, and so is every voxel, to the last bit. A step reaches only
so far, so one more unit of binding in one region leaves most of the head as it was; and what lies
out of reach of the regions that are measured is never made.
"""

import numpy as np
from scipy import ndimage

from datnet_phantom.noise import sigma
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import blurred, paint, sampled

TRUNCATE = 4.0  # SDs that the filter of SciPy reaches, its default


def box_around(mask):
    """Smallest box that holds a mask.

    Parameters
    ----------
    mask : bool ndarray of shape (X, Y, Z)

    Returns
    -------
    tuple of 3 slice

    Examples
    --------
    >>> box_around(np.pad(np.ones((1, 2, 3), bool), 1))
    (slice(1, 2, None), slice(1, 3, None), slice(1, 4, None))
    """
    return ndimage.find_objects(mask.astype(np.uint8))[0]


def rendered_alike(bindings, drawn, scene, calibration, wanted):
    """Yield one scan for each binding, all with the same chance.

    Parameters
    ----------
    bindings : sequence of mapping
        Binding ratio of each of `regions.BINDING_COLUMNS`.
    drawn : scanner.Chance
    scene : scanner.Scene
    calibration : Calibration
        Output of `numbers.read_calibration`.
    wanted : tuple of 3 slice
        Where the counts are needed; they are 0 elsewhere.

    Yields
    ------
    ndarray of float32, shape of the scene
        Counts, in `wanted` those of `scanner.render`.
    """
    reaches = _reaches(drawn, scene, calibration.scanner)
    needed = [wanted]  # of each step, from the last to the first
    for reach in reaches[:0:-1]:
        needed.append(_grown(needed[-1], reach, scene))
    needed.reverse()
    steps = first = None
    for binding in bindings:
        boxes = needed
        if first is not None:
            changed = _changed(first, binding, scene)
            boxes = _meeting(_reached(changed, reaches, scene), needed)
        made = _chain(binding, drawn, scene, calibration, boxes, steps)
        if first is None:
            first, steps = binding, made
        yield made[-1]


def _changed(first, second, scene):
    """Box of the regions whose binding differs; empty where none does."""
    columns = [name for name in BINDING_COLUMNS if first[name] != second[name]]
    labels = [label for name in columns for label in scene.label_of[name]]
    return box_around(np.isin(scene.labels, labels)) if labels else (slice(0, 0),) * 3


def _chain(binding, drawn, scene, calibration, boxes, before):
    """Image after each of the four steps, made in its box; outside as `before`, or 0."""
    scanner = calibration.scanner
    activity = paint(binding, scene, calibration, drawn.own)
    empty = np.zeros(scene.labels.shape, np.float32)
    individual, native, normalised, counts = (
        empty.copy() if before is None else before[k].copy() for k in range(4)
    )
    box = boxes[0]
    individual[box] = sampled(activity, drawn.places_mm[(slice(None), *box)], scene)
    box = boxes[1]
    native[box] = _blurred_in(individual, box, scanner.resolution_fwhm_mm, scene) * drawn.noise[box]
    box = boxes[2]
    normalised[box] = sampled(native, drawn.back_mm[(slice(None), *box)], scene)
    box = boxes[3]
    counts[box] = _blurred_in(normalised, box, scanner.filter_fwhm_mm, scene) * drawn.scale
    return individual, native, normalised, counts


def _blurred_in(image, box, fwhm_mm, scene):
    """`scanner.blurred` in a box."""
    outer = _grown(box, np.full(3, _radius(fwhm_mm, scene)), scene)
    inner = tuple(
        slice(b.start - o.start, b.stop - o.start) for b, o in zip(box, outer, strict=True)
    )
    return blurred(image[outer], fwhm_mm, scene)[inner]


def _reaches(drawn, scene, scanner):
    """How many voxels along each axis (3,) a voxel may come from, for each of the four steps."""
    steps = []
    for places_mm, fwhm_mm in (
        (drawn.places_mm, scanner.resolution_fwhm_mm),
        (drawn.back_mm, scanner.filter_fwhm_mm),
    ):
        moved = np.abs(places_mm - scene.grid_mm).max(axis=(1, 2, 3)) / scene.voxel_mm
        steps.append(np.ceil(moved).astype(int) + 1)  # linear interpolation sees the next voxel
        steps.append(np.full(3, _radius(fwhm_mm, scene)))
    return steps


def _radius(fwhm_mm, scene):
    """Voxels that the Gaussian filter reaches."""
    return int(TRUNCATE * sigma(fwhm_mm, scene) + 0.5)


def _reached(changed, reaches, scene):
    """Box of each step that a change of the activity in a box reaches."""
    boxes = []
    for reach in reaches:
        changed = _grown(changed, reach, scene)
        boxes.append(changed)
    return boxes


def _grown(box, reach, scene):
    """Box with a margin along each axis, inside the grid."""
    return tuple(
        slice(max(part.start - int(r), 0), min(part.stop + int(r), n))
        for part, r, n in zip(box, reach, scene.labels.shape, strict=True)
    )


def _meeting(boxes, others):
    """Common part of the boxes of each step."""
    return [
        tuple(
            slice(max(a.start, b.start), max(a.start, b.start, min(a.stop, b.stop)))
            for a, b in zip(box, other, strict=True)
        )
        for box, other in zip(boxes, others, strict=True)
    ]
