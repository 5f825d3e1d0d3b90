"""Tables that pages show of several classifiers, made from the numbers of `comparison`.

Apart from `show`, so that what measures a classifier is nothing that other pages depend on.
"""

import pandas as pd

from datnet_study import show
from datnet_study.comparison import adjusted, in_words
from datnet_study.masking import FEWEST, is_small

PS = ("P", "P (Holm)", "P (BH)", "P (McNemar, exact)", "P (chi-square)")  # 1 counts nobody


def side_by_side(rows, texts, heading="classifier"):
    """Show a long table with a row for each classifier and a column for each diagnosis or pair.

    Parameters
    ----------
    rows : DataFrame
        `method` and `of`, as `comparison.aucs_side_by_side` makes them.
    texts : sequence of str, shape (n_rows,)
        What stands in the cells.
    heading : str
        Of the column of classifiers.

    Returns
    -------
    pandas.io.formats.style.Styler
    """
    cells = rows[["method"]].assign(of=rows["of"].map(in_words), text=list(texts))
    order = [cells[column].drop_duplicates() for column in ("method", "of")]
    wide = cells.pivot(index="method", columns="of", values="text").reindex(
        index=order[0], columns=order[1]
    )
    return show.table(
        wide.fillna("–").rename_axis(index=heading, columns=None).reset_index(),
        of_groups=True,
    )


def sensitivities(found):
    """Show the output of `operating_point.at_paper_specificity`, a column for each diagnosis."""
    of = [f"{r.of}, at {r.specificity:.3f} (paper: {r.paper:.3f})" for r in found.itertuples()]
    values = found[["value", "low", "high"]].itertuples(index=False)
    return side_by_side(found.assign(of=of), [show.interval(*value) for value in values])


def gains_table(found):
    """Show differences of AUCs, with P values as they are and corrected.

    Parameters
    ----------
    found : DataFrame
        Rows of `comparison.gains`.

    Returns
    -------
    pandas.io.formats.style.Styler
    """
    values = found[["difference", "low", "high"]].itertuples(index=False)
    shown = {"DAT-Net minus": found["method"], "for": found["of"].map(in_words)}
    shown["AUC (95%)"] = [show.signed(*value) for value in values]
    for title, column in {"P": "p", "P (Holm)": "holm", "P (BH)": "bh"}.items():
        shown[title] = found[column].map(show.p_value)
    shown["would be shown from"] = found["detectable"].map("{:.3f}".format)
    return show.table(pd.DataFrame(shown), of_groups=True, not_people=PS)


def accuracies(found, heading="classifier"):
    """Show accuracy and mean sensitivity, the output of `comparison.decision_table`."""
    shown = {heading: found.index, "scans": found["scans"].astype(str)}
    for title, name in {"accuracy": "accuracy", "mean sensitivity": "mean_sensitivity"}.items():
        values = found[[name, f"{name}_low", f"{name}_high"]].itertuples(index=False)
        shown[f"{title} (95%)"] = [show.interval(*value) for value in values]
    return show.table(pd.DataFrame(shown), of_groups=True, not_people=PS)


def decision_differences(found, heading="DAT-Net minus"):
    """Show how decisions differ: outputs of `comparison.decisions_apart` by title."""
    rows = [
        {
            heading: title,
            "accuracy (95%)": show.signed(*of["accuracy"]),
            "mean sensitivity (95%)": show.signed(*of["mean_sensitivity"]),
            "only one is right": f"{of['only_a']} : {of['only_b']}",
            "P (McNemar, exact)": show.p_value(of["mcnemar"]),
            "P (Holm)": show.p_value(holm),
            "P (chi-square)": show.p_value(of["chi_square"]),
        }
        for (title, of), (holm, _) in zip(
            found.items(), adjusted([of["mcnemar"] for of in found.values()]), strict=True
        )
    ]
    return show.table(pd.DataFrame(rows), of_groups=True, not_people=PS)


def performance_of_parts(found, pair):
    """Show the output of `subgroups.subgroup_table`; "too few" where it has no number.

    In public, what divides off fewer than five people is left out with all its parts, for whoever
    knows how many they are in all would know how many are left.

    Parameters
    ----------
    found : DataFrame
        With a row at least.
    pair : (str, str) or None
        Diagnoses that the AUC is about; without, there is no such column.

    Returns
    -------
    pandas.io.formats.style.Styler
    """
    shown = found[["by", "part", "people"]].copy()
    heads = {"accuracy": "accuracy"} | ({"auc": f"AUC, {in_words(pair)}"} if pair else {})
    for name, head in heads.items():
        values = found[[name, f"{name}_low", f"{name}_high"]].itertuples(index=False)
        texts = [show.interval(*value) for value in values]
        shown[head] = ["too few" if text == "–" else text for text in texts]
    few = found.groupby("by")["people"].transform(lambda sizes: is_small(sizes).any())
    made = show.table(shown)
    if not few.all():
        make, said, _ = show.table(shown[~few], of_groups=True).public
        left_out = f"What divides off fewer than {FEWEST} people is left out."
        made.public = make, left_out if few.any() else said, False
    return made
