"""Who is in the study."""

import matplotlib.pyplot as plt
import pandas as pd

from datnet_study.figures.style import themed
from datnet_study.masking import FEWEST, MARK, hidden_cells, is_small
from datnet_study.public_forms import replaced

COHORT_TITLES = {
    "pretraining": "pre-training", "training": "training", "blind_test": "blind test",
    "external": "other sites, test only",
}  # fmt: skip


@themed
def _flow_masked(scans, class_names, words=None):  # noqa: ARG001, the words are the table's own
    """Counts below 5, and those that would give them away, as a mark; no words of the table."""
    people = scans.drop_duplicates("participant_id")
    table = pd.crosstab(people["cohort"], people["diagnosis"])
    hidden = pd.DataFrame(hidden_cells(table.to_numpy(), zeros=False), table.index, table.columns)
    again = scans["cohort"].value_counts() - people["cohort"].value_counts()
    return _flow(scans, class_names, None, hidden, is_small(again).any())


@replaced(
    _flow_masked,
    f"{MARK} stands for a count below {FEWEST}, or for one that would give such a count away; the "
    "words of the scan table are left out.",
)
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
    return _flow(scans, class_names, words or {})


def _flow(scans, class_names, words, hidden=None, scans_hidden=False):
    """The figure of `plot_flow`; with counts of people hidden, or those of their scans."""
    use = {"pretraining": "possible", "training": "definite", "blind_test": "confirmed"}
    if (scans["cohort"] == "external").any():
        use["external"] = "external"
    fig, ax = plt.subplots(figsize=(3 * len(use), 4))
    ax.set(xlim=(0, len(use)), ylim=(0, 2))
    ax.axis("off")
    box = {"boxstyle": "round,pad=0.6", "facecolor": "white", "edgecolor": "0.3"}
    everyone = scans["participant_id"].nunique()
    top = f"{everyone} participants, {MARK if scans_hidden else len(scans)} scans"
    middle = len(use) / 2
    ax.text(middle, 1.75, top, ha="center", va="center", bbox=box)
    for x, (cohort, certainty) in enumerate(use.items()):
        part = scans[scans["cohort"] == cohort]
        people = part.drop_duplicates("participant_id")["diagnosis"].value_counts()
        masked = hidden is not None and cohort in hidden.index
        lines = [
            f"{name} {MARK if masked and hidden.loc[cohort, name] else people[name]}"
            for name in class_names
            if name in people
        ]
        title = COHORT_TITLES[cohort]
        if words is not None:
            title += f"\n({words.get(certainty, f'clinically {certainty}')})"
        n_people = MARK if masked and is_small(people.sum()) else people.sum()
        n_scans = MARK if scans_hidden else len(part)
        text = "\n".join([title, f"{n_people} participants, {n_scans} scans", *lines])
        ax.annotate(
            text, (middle, 1.6), (x + 0.5, 0.6), ha="center", va="center", bbox=box,
            arrowprops={"arrowstyle": "<-", "color": "0.3"},
        )  # fmt: skip
    return fig
