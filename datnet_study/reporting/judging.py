"""What a judge says of one scan: quality first, then measures, probabilities, sets and a flag."""

import time
from dataclasses import dataclass, field

import numpy as np

from datnet_core.saliency.maps import saliency_maps
from datnet_core.training.prediction import predict
from datnet_images.atlas import region_mask
from datnet_images.grid import field_of_view, in_full_grid
from datnet_images.volumes import to_grid, uptake_ratio, volume_of
from datnet_study.reporting.doubt import diagnoses_left
from datnet_study.reporting.measures import as_row, measured
from datnet_study.reporting.place import placed


@dataclass
class Judged:
    """What is known of one scan; each part stands there as far as the steps before have come."""

    name: str
    age: float | None = None
    tracer: str = ""
    how: str = ""  # how it came into MNI space
    known: str = ""  # which participant of the study it is, in words
    quality: dict = field(default_factory=dict)
    fine: np.ndarray | None = None  # uptake ratios at 2 mm, for drawing
    volume: np.ndarray | None = None  # on the grid of the network
    measures: dict = field(default_factory=dict)
    z: dict = field(default_factory=dict)  # of the measures, against controls of that age
    models: tuple = ()  # names of those that judged
    proba: np.ndarray | None = None  # (n_classes,)
    by_model: np.ndarray | None = None  # (n_models, n_classes)
    left: np.ndarray | None = None  # bool (n_classes,), the set of diagnoses
    referred: bool | None = None
    map: np.ndarray | None = None  # saliency on the grid of the network, for the most probable one
    problem: str = ""  # why there are no probabilities
    failed: dict = field(default_factory=dict)  # part of the report to the reason why it is missing
    seconds: float = 0.0

    @property
    def is_judged(self):
        """Whether there are probabilities."""
        return self.proba is not None


def judge_scan(scan, judge, *, age=None, tracer="", space="auto", known=None, explain=True):
    """Judge one scan; whatever fails is said in what comes back, and never raised.

    Parameters
    ----------
    scan : Found
    judge : Judge
    age : float, optional
        Years; in place of the one that comes with the scan.
    tracer : str
        In place of the one that comes with the scan.
    space : {"auto", "mni", "native"}
        As in `place.placed`.
    known : Participants, optional
        Recognises the scans of a study, and judges them by models that never saw the participant.
    explain : bool
        Whether to make a saliency map.

    Returns
    -------
    Judged
    """
    begin = time.perf_counter()
    age = scan.age if age is None else age
    found = Judged(scan.name, age, tracer=tracer or scan.tracer, problem=scan.problem)
    if not scan.problem:
        try:
            _judge(found, scan, judge, space, known, explain)
        except Exception as error:  # the report is written in any case, and says so
            found.problem = found.problem or error_words(error)
    found.seconds = time.perf_counter() - begin
    return found


def error_words(error):
    """What an error says, with its kind where it is none that a check foresees."""
    foreseen = isinstance(error, (ValueError, FileNotFoundError, RuntimeError))
    return str(error) if foreseen else f"{type(error).__name__}: {error}"


def _judge(found, scan, judge, space, known, explain):
    """Fill in what there is to know of a scan."""
    images, shape = judge.facts.images, judge.atlas.labels.shape
    img = scan.read()
    own = known and known.of_file(scan)
    at = placed(img, judge, space)
    found.how, found.quality = at.how, at.quality
    if at.img is not None:
        found.fine = to_grid(at.img, judge.atlas.affine, shape, outside=np.nan)
    if at.quality["verdict"] != "fail":
        reference = region_mask(judge.atlas, images.reference_region)
        found.fine = uptake_ratio(found.fine, reference, images.input)
        found.volume = volume_of(
            at.img, judge.atlas, images.grid_mm, images.reference_region, images.input
        )
        own = own or (known and known.of_volume(found.volume))
    if own:
        judge = known.applied(own, found)
    if found.problem:
        return
    if found.volume is None or found.quality["verdict"] == "fail":
        found.problem = why_it_fails(found.quality)
        return
    _measure(found, judge)
    _predict(found, judge)
    if explain:
        try:
            found.map = _map(found, judge)
        except (ValueError, RuntimeError) as error:
            found.failed["map"] = str(error)


def _measure(found, judge):
    """Binding ratios, and where they lie among controls of that age."""
    facts = judge.facts
    found.measures = as_row(measured(found.volume[None], judge.atlas, facts.images))
    if found.age is not None:
        found.z = {
            name: facts.norms[name].z(value, found.age)
            for name, value in found.measures.items()
            if name in facts.norms
        }


def _predict(found, judge):
    """Probabilities, the set of diagnoses, and whether to refer."""
    facts = judge.facts
    seen = found.volume[None][(slice(None), *_field(judge))]
    by_model = [predict(model, seen, np.array([0]))[0] for model in judge.models.values()]
    found.models, found.by_model = tuple(judge.models), np.stack(by_model)
    found.proba = found.by_model.mean(axis=0)
    if facts.doubt:
        found.left = diagnoses_left(facts.doubt, found.by_model)
        found.referred = bool(found.proba.max() < facts.doubt.least)


def _map(found, judge):
    """Mean saliency of the models for the most probable diagnosis, on the whole grid."""
    seen = found.volume[None][(slice(None), *_field(judge))]
    most = np.array([found.proba.argmax()])
    maps = [saliency_maps(model, seen, most)[0][0] for model in judge.models.values()]
    return in_full_grid(np.mean(maps, axis=0), _field(judge), found.volume.shape)


def _field(judge):
    """Part of the grid that the networks see."""
    return field_of_view(judge.facts.images.grid_mm, judge.facts.network.field_mm)


WHY = {
    "agreement": "it is unlike a head in MNI space",
    "moves_mm": "its striatum does not lie where it should",
    "contour": "the edge of its brain does not lie where it should",
    "reference_level": "the reference region has too few counts",
    "reference_share": "the reference region lies outside the image",
    "striatum_share": "the striatum lies outside the image",
    "noise": "the reference region is too noisy",
    "zoom": "the head would have to be stretched too far",
    "turn_degree": "the head is turned too far",
    "starts_mm": "the search for its place found several",
}


def why_it_fails(quality):
    """Why a scan is not as it should be, in words; also of one that asks for a look.

    Examples
    --------
    >>> why_it_fails({"verdict": "fail", "worst": "moves_mm", "moves_mm": 7.25})
    'its striatum does not lie where it should (moves_mm 7.2)'
    """
    if quality.get("problem"):
        return str(quality["problem"])
    worst = quality.get("worst", "")
    if worst not in quality:
        return "its quality could not be measured"
    return f"{WHY.get(worst, worst)} ({worst} {quality[worst]:.2g})"
