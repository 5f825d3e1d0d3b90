"""The report of one scan: a self-contained HTML file, whatever was reached."""

import base64
import io
from pathlib import Path

import jinja2
import numpy as np

from datnet_core import __version__
from datnet_core.files import whole
from datnet_images.grid import study_grid
from datnet_images.quality import LIMITS
from datnet_study.figures.viewers import HEIGHT_PX, WIDTH_PX
from datnet_study.reporting.card import (
    COHORTS,
    ages_in_words,
    doubt_in_words,
    never_tried,
)
from datnet_study.reporting.found import file_name
from datnet_study.reporting.judging import error_words
from datnet_study.reporting.measures import (
    asymmetry_in_words,
    measures_in_words,
    outlines,
    panel_titles,
    without_sides,
)
from datnet_study.reporting.words import first_screen, measure_rows, norms_in_words, warnings_of

TEMPLATE = "report.html.j2"
DPI = 110
TOP_PERCENTILE = 99.9  # of the voxels, where no control says how bright a striatum can be


def write_report(found, judge, path, viewer=True):
    """Write the report of a scan; a part that cannot be made is a sentence with the reason.

    Parameters
    ----------
    found : Judged
    judge : Judge
    path : Path
        HTML file.
    viewer : bool
        Whether to put a viewer of the scan into it, about a megabyte.
    """
    figures = figures_of(found, judge)
    text = rendered(found, judge, figures, _part(found, "viewer", _viewer, found, judge, viewer))
    with whole(Path(path)) as part:
        part.write_text(text, encoding="utf-8")


def rendered(found, judge, figures, viewer=""):
    """Text of the HTML file.

    Parameters
    ----------
    found, judge : Judged, Judge
    figures : dict of str to dict
        Output of `figures_of`.
    viewer : str
        HTML of the viewer; empty for none.

    Returns
    -------
    str
    """
    facts = judge.facts
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    made = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    names = facts.diagnoses
    order = np.argsort(-found.proba) if found.is_judged else []
    by_model = zip(found.models, found.by_model, strict=True) if found.is_judged else []
    return made.get_template(TEMPLATE).render(
        first_screen(found, judge)
        | {
            "name": found.name,
            "plain_name": file_name(found.name, ()),  # in a style sheet, where nothing is escaped
            "viewer_size": (WIDTH_PX, HEIGHT_PX),
            "project": __version__,
            "phantom": facts.phantom,
            "warnings": warnings_of(found, judge),
            "judged": found.is_judged,
            "problem": found.problem,
            "figures": figures,
            "failed": found.failed,
            "viewer": viewer,
            "rows": measure_rows(found, judge),
            "groups": names,
            "measured": f"{measures_in_words(facts.images)} {asymmetry_in_words()}",
            "norms": norms_in_words(found, judge),
            "by_model": [
                {"name": name, "p": [f"{p[k]:.3f}" for k in order]} for name, p in by_model
            ],
            "diagnoses": names,
            "people": [
                {"cohort": COHORTS.get(cohort, cohort), "counts": [by[name] for name in names]}
                for cohort, by in facts.people.items()
            ],
            "ages": ages_in_words(facts),
            "promises": doubt_in_words(facts),
            "never": never_tried(facts),
            "measures": [
                {"name": name, "value": f"{found.quality[name]:.3g}"}
                | {"look": f"{limit.look:g}", "fail": f"{limit.fail:g}"}
                for name, limit in LIMITS.items()
                if name in found.quality
            ],
            "origin": f"Judged by {judge.origin}: {facts.title}.",
            "content": judge.content and f"package {judge.content}",
            "seconds": f"{found.seconds:.1f}",
        }
    )


def figures_of(found, judge):
    """Figures of a report; one that fails is noted in `found.failed`.

    Parameters
    ----------
    found, judge : Judged, Judge

    Returns
    -------
    dict of str to dict
        `strip`, `map`, `among`, as far as there is something to draw: `png` (base64), `alt`,
        `caption`.
    """
    made = {"strip": _strip, "map": _map, "among": _among}
    figures = {name: _part(found, name, draw, found, judge) for name, draw in made.items()}
    return {name: figure for name, figure in figures.items() if figure}


def _part(found, name, make, *given):
    """What a function makes, or nothing and the reason."""
    try:
        return make(*given)
    except Exception as error:  # the rest of the report is written in any case
        found.failed[name] = error_words(error)
        return None


def _strip(found, judge):
    """The scan in planes."""
    if found.fine is None:
        return None
    from datnet_study.figures.scan_strip import plot_scan_strip

    regions = outlines(judge.atlas, judge.facts.images, judge.atlas.affine, found.fine.shape)
    fig = plot_scan_strip(
        np.nan_to_num(found.fine),
        regions,
        judge.atlas.affine,
        top=_top(found, judge),
        scale=_scale(found, judge),
    )
    what = "Uptake ratio" if found.volume is not None else "Counts"
    sides = "The sides are those of the image's header; a picture cannot show whether it is right."
    return _figure(
        fig,
        f"Axial planes of the scan in inverse grey and in hot colours, left of the head on the "
        f"left, with outlines of {', '.join(regions)}",
        f"{what} in axial planes, in inverse grey and in hot colours. The lines are the regions of "
        f"the atlas (all in cyan on hot colours). L: the left of the head, on the left of the "
        f"picture. {sides}",
    )


def _map(found, judge):
    """Saliency over the scan."""
    if found.map is None:
        return None
    from datnet_study.figures.scan_strip import plot_scan_strip

    regions = outlines(judge.atlas, judge.facts.images, judge.atlas.affine, found.fine.shape)
    seen = found.map[found.map != 0]  # the map is 0 outside of what the networks see
    low, high = (seen.min(), seen.max()) if seen.size else (0, 0)
    scaled = (found.map - low) / (high - low) if high > low else np.zeros_like(found.map)
    fig = plot_scan_strip(
        np.nan_to_num(found.fine),
        regions,
        judge.atlas.affine,
        top=_top(found, judge),
        scale=_scale(found, judge),
        saliency=(scaled, study_grid(judge.facts.images.grid_mm)[0]),
    )
    most = judge.facts.diagnoses[int(found.proba.argmax())]
    return _figure(
        fig,
        f"Saliency map for {most} in red over axial planes of the scan",
        f"What counted for or against {most}, the most probable diagnosis, in red over the scan: "
        "mean full-gradient map of the networks, from 0 to 1. Part of every such map is geometry: "
        "networks that learned nothing also point to the centre of what they see. It is no proof "
        "of disease in a place.",
    )


def _among(found, judge):
    """The scan among those learned from."""
    from datnet_study.figures.placing import plot_among

    titles = panel_titles(judge.facts.images.regions)
    known = {name: by for name, by in judge.facts.places.items() if by}
    places, measures = without_sides(known, found.measures)
    if not set(titles) & set(places) & set(measures):
        return None
    kind = "phantoms" if judge.facts.phantom else "people"
    return _figure(
        plot_among(places, measures, titles),
        "Binding ratios and asymmetries of the scan beside those learned from, by diagnosis",
        f"The scan (black line) among the {kind} that the networks learned from: middle half "
        "(thick), and nearly all of them (thin), by diagnosis.",
    )


def _top(found, judge):
    """End of the scale of uptake: of controls in the brightest region, or of the scan itself."""
    norms = [judge.facts.norms.get(name) for name in judge.facts.images.regions]
    known = [norm.at_60 + 2 * norm.sd for norm in norms if norm]
    if known and found.volume is not None:
        return 1 + max(known)
    return max(float(np.nanpercentile(found.fine, TOP_PERCENTILE)), 1e-6)


def _scale(found, judge):
    """What the scale of the picture counts."""
    return (
        f"uptake / {judge.facts.images.reference_region}" if found.volume is not None else "counts"
    )


def _figure(fig, alt, caption):
    """A figure as the template takes it."""
    stream = io.BytesIO()
    fig.savefig(stream, format="png", dpi=DPI)
    return {"png": base64.b64encode(stream.getvalue()).decode(), "alt": alt, "caption": caption}


def _viewer(found, judge, wanted):
    """A viewer of the scan, as HTML."""
    if not wanted or found.fine is None:
        return ""
    from datnet_study.figures.viewers import viewer_of

    return viewer_of(found.fine, judge.atlas, judge.facts.images.regions, _top(found, judge))
