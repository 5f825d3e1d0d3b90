"""Viewers to move through scans, with the outlines of regions: complete in themselves, offline."""

import html
import warnings

import nibabel as nib
import numpy as np
from scipy import ndimage

from datnet_images.atlas import region_mask

TOP_PERCENTILE = 99.9  # of the voxels: a few hot ones must not decide the scale
WIDTH_PX, HEIGHT_PX = 660, 285  # of three planes with their coordinates
STYLE = (
    ".scans-to-choose iframe { display: none; width: 100%; border: 0; background: #fff; "
    f"max-width: {WIDTH_PX}px; aspect-ratio: {WIDTH_PX} / {HEIGHT_PX}; }} "
    ".scans-to-choose label { margin: 0 1rem 0 .3rem; }"
)


def viewer_of(volume, atlas, regions, top):
    """HTML page with a viewer of one scan in inverse grey, for an `iframe`.

    Parameters
    ----------
    volume : ndarray of shape (X, Y, Z)
        Uptake ratio on the grid of the atlas; NaN outside the scan.
    atlas : Atlas
    regions : sequence of str
        To outline.
    top : float
        End of the scale, where it is black; 0 is white.

    Returns
    -------
    str
    """
    from nilearn.plotting import view_img

    lines = np.zeros(volume.shape, np.float32)
    for number, region in enumerate(regions, 1):
        mask = region_mask(atlas, region)
        lines[mask & ~ndimage.binary_erosion(mask)] = number
    inverse = 1.01 - np.nan_to_num(volume).clip(0, top) / top  # nilearn draws nothing at 0
    inverse.flat[0] = 0.01  # it also takes the ends of the scale from the image: these are its ends
    inverse.flat[-1] = 1.01
    shown = nib.Nifti1Image(inverse.astype(np.float32), atlas.affine)
    options = {
        "cmap": "cool", "symmetric_cmap": False, "vmin": 0, "vmax": len(regions), "threshold": 0.5,
        "colorbar": False, "black_bg": False, "dim": 0, "opacity": 0.8, "cut_coords": (24, 6, 2),
    }  # fmt: skip
    with warnings.catch_warnings():  # nilearn's, of a function that matplotlib will give up
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        view = view_img(nib.Nifti1Image(lines, atlas.affine), bg_img=shown, **options)
    return view.html


def view_scans(volumes, atlas, regions):
    """Single scans to choose from, each in a viewer of its own, all on one scale.

    It shows single scans, so it has no public form.

    Parameters
    ----------
    volumes : dict of str to ndarray of shape (X, Y, Z)
        Uptake ratio of one scan by its title, on the grid of the atlas; the first is shown first.
    atlas : Atlas
    regions : sequence of str
        To outline.

    Returns
    -------
    IPython.display.HTML
        Needs no network and no script outside of the viewers; as wide as its page, at most 660 px.
    """
    from IPython.display import HTML

    top = max(np.nanpercentile(volume, TOP_PERCENTILE) for volume in volumes.values())
    choices, frames, shown = [], [], []
    for k, (title, volume) in enumerate(volumes.items()):
        name, page = html.escape(title), html.escape(viewer_of(volume, atlas, regions, top))
        checked = " checked" if k == 0 else ""
        choices.append(
            f'<input type="radio" name="scan-to-show" id="scan-to-show-{k}"{checked}>'
            f'<label for="scan-to-show-{k}">{name}</label>'
        )
        frames.append(
            f'<iframe class="scan-{k}" title="Scan, {name}" loading="lazy" '
            f'sandbox="allow-scripts" srcdoc="{page}"></iframe>'
        )
        shown.append(f"#scan-to-show-{k}:checked ~ .scan-{k}")
    style = f"<style>{STYLE} {', '.join(shown)} {{ display: block; }}</style>"
    return HTML(f'{style}<div class="scans-to-choose">{"".join((*choices, *frames))}</div>')
