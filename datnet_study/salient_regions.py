"""The regions that page `saliency` cut from its maps, and whose region each scan is measured in.

Open point A3: the paper does not say whose map makes the region of a participant.
"""

import nibabel as nib
import numpy as np

KEYS = ["participant_id", "session_id"]


def salient_regions(page):
    """Regions of page `saliency` under every source of `saliency.region_source`.

    Parameters
    ----------
    page : Page
        Declares `saliency/regions.nii.gz` and `saliency/regions.tsv`.

    Returns
    -------
    regions : bool ndarray of shape (n_regions, X, Y, Z)
        On the study grid; those of one source stand together.
    number_of : dict of str to int ndarray of shape (n_scans,)
        By source, the region of each scan that the page `saliency` explains, in its order.
    """
    image = nib.load(page.path("saliency/regions.nii.gz"))
    regions = np.moveaxis(np.asarray(image.dataobj) > 0, -1, 0)
    numbers = page.table("saliency/regions.tsv").drop(columns=KEYS)
    return regions, {source: column.to_numpy() for source, column in numbers.items()}


def whose_map(source):
    """What makes the region under a `saliency.region_source`, for a sentence.

    Examples
    --------
    >>> whose_map("per_participant")
    "the participant's own map"
    """
    return {
        "cross_fitted": "maps without the label of who is measured in it",
        "per_participant": "the participant's own map",
        "per_diagnosis": "the mean map of the participant's diagnosis",
    }[source]
