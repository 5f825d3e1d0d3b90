"""Who teaches which model, and who stops it.

Open points A7 and A13.
"""

import numpy as np

VARIANTS = {
    "study": {},
    "test_fold": {"early_stopping_on": "test_fold"},  # the published shortcut (A7)
    "no_pretraining": {"pretrain": False},
}


def variant_settings(training, variant):
    """Settings of a study's models, or of models that differ in one point of the protocol.

    Parameters
    ----------
    training : Training
        Section of the study file.
    variant : str
        A name of `VARIANTS`.

    Returns
    -------
    Training

    Raises
    ------
    ValueError
        If there is no such variant.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant {variant!r} is not one of {', '.join(VARIANTS)}")
    return training.model_copy(update=VARIANTS[variant])


def split_inner(scans, fraction, seed):
    """Split scans into a part to fit on and an inner validation part, by participant.

    Parameters
    ----------
    scans : DataFrame
        Scans with `participant_id` and `diagnosis`.
    fraction : float
        Share of participants of each diagnosis that go to validation; at least one of each
        diagnosis that has two or more, and never all of them.
    seed : int
        Seed of the draw.

    Returns
    -------
    fit, validation : ndarray of int
        Positions (row numbers) in `scans`.
    """
    rng = np.random.default_rng(seed)
    people = scans.drop_duplicates("participant_id")
    held_out = set()
    for _, group in people.groupby("diagnosis"):
        n = np.clip(round(fraction * len(group)), 1, len(group) - 1) if len(group) > 1 else 0
        held_out |= set(rng.permutation(group["participant_id"])[:n])
    validation = scans["participant_id"].isin(held_out).to_numpy()
    return np.flatnonzero(~validation), np.flatnonzero(validation)
