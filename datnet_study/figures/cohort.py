"""Who is in the study."""

import matplotlib.pyplot as plt

from datnet_study.figures.style import themed

COHORT_TITLES = {
    "pretraining": "pre-training", "training": "training", "blind_test": "blind test",
}  # fmt: skip


@themed
def plot_flow(scans, class_names, words=None):
    """Study profile (paper Fig. 1): participants and scans of each cohort by diagnosis.

    Parameters
    ----------
    scans : DataFrame
        Scan table with `cohort`.
    class_names : tuple of str
        Diagnoses from top to bottom of each box.
    words : dict of str to str, optional
        What a certainty is called in this study; `clinically <certainty>` where not given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(9, 4))
    ax.set(xlim=(0, 3), ylim=(0, 2))
    ax.axis("off")
    box = {"boxstyle": "round,pad=0.6", "facecolor": "white", "edgecolor": "0.3"}
    everyone = scans["participant_id"].nunique()
    top = f"{everyone} participants, {len(scans)} scans"
    ax.text(1.5, 1.75, top, ha="center", va="center", bbox=box)
    words = words or {}
    use = {"pretraining": "possible", "training": "definite", "blind_test": "confirmed"}
    for x, (cohort, certainty) in enumerate(use.items()):
        part = scans[scans["cohort"] == cohort]
        people = part.drop_duplicates("participant_id")["diagnosis"].value_counts()
        lines = [f"{name} {people[name]}" for name in class_names if name in people]
        title = f"{COHORT_TITLES[cohort]}\n({words.get(certainty, f'clinically {certainty}')})"
        text = "\n".join([title, f"{people.sum()} participants, {len(part)} scans", *lines])
        ax.annotate(
            text, (1.5, 1.6), (x + 0.5, 0.6), ha="center", va="center", bbox=box,
            arrowprops={"arrowstyle": "<-", "color": "0.3"},
        )  # fmt: skip
    return fig
