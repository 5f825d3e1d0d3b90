"""Every figure of the book as a function that takes tables or arrays and returns a figure.

Colours are fixed per diagnosis (colour-blind safe) throughout the book.
"""

import matplotlib.pyplot as plt
import nibabel as nib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.ticker import MaxNLocator
from nilearn import plotting
from sklearn.metrics import roc_curve

PALETTE = dict(zip(("IPD", "MSA", "PSP", "NC"), sns.color_palette("colorblind"), strict=False))
COHORT_TITLES = {
    "pretraining": "pre-training", "training": "training", "blind_test": "blind test",
}  # fmt: skip
RATES = {"sensitivity": "sensitivity", "specificity": "specificity", "ppv": "PPV", "npv": "NPV"}
sns.set_theme("notebook", "ticks", rc={"figure.dpi": 110, "figure.constrained_layout.use": True})


def finished(fig):
    """Close the figure for pyplot, so that a page shows it once, as the value of its cell."""
    plt.close(fig)
    return fig


def colours(names):
    """Colour of each diagnosis; names beyond the paper's four get the next colours."""
    spare = sns.color_palette("colorblind", 10)[len(PALETTE) :]
    others = [name for name in names if name not in PALETTE]
    return PALETTE | dict(zip(others, spare, strict=False))


def flow(scans, class_names):
    """Study profile (paper Fig. 1): participants and scans of each cohort by diagnosis.

    Parameters
    ----------
    scans : DataFrame
        Scan table with `cohort`.
    class_names : tuple of str
        Diagnoses from top to bottom of each box.

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
    use = {"pretraining": "possible", "training": "definite", "blind_test": "confirmed"}
    for x, (cohort, certainty) in enumerate(use.items()):
        part = scans[scans["cohort"] == cohort]
        people = part.drop_duplicates("participant_id")["diagnosis"].value_counts()
        lines = [f"{name} {people[name]}" for name in class_names if name in people]
        title = f"{COHORT_TITLES[cohort]}\n(clinically {certainty})"
        text = "\n".join([title, f"{people.sum()} participants, {len(part)} scans", *lines])
        ax.annotate(
            text, (1.5, 1.6), (x + 0.5, 0.6), ha="center", va="center", bbox=box,
            arrowprops={"arrowstyle": "<-", "color": "0.3"},
        )  # fmt: skip
    return finished(fig)


def mean_volumes(means, affine, template_img):
    """Mean uptake ratio of each diagnosis in three planes through the striatum, one scale.

    Parameters
    ----------
    means : dict of str to ndarray of shape (X, Y, Z)
        Mean volume of each diagnosis.
    affine : ndarray of shape (4, 4)
        Voxel to mm.
    template_img : nibabel.Nifti1Image
        Anatomical template whose outline is drawn.

    Returns
    -------
    matplotlib.figure.Figure
    """
    top = max(np.percentile(volume, 99.9) for volume in means.values())
    fig, axes = black_rows(means)
    for ax, volume in zip(axes, means.values(), strict=True):
        display = plotting.plot_img(
            nib.Nifti1Image(volume.astype(np.float32), affine), cut_coords=(24, 4, 2), axes=ax,
            cmap="inferno", vmin=0, vmax=top, colorbar=True, draw_cross=False, black_bg=True,
        )  # fmt: skip
        display.add_contours(template_img, levels=[0.25], colors="white", linewidths=0.4)
    return finished(fig)


def black_rows(names, width=0.1):
    """Figure with one wide black row per name, its title in white in a left margin of `width`."""
    fig = plt.figure(figsize=(9, 2.7 * len(names)), facecolor="black", layout="none")
    height = 1 / len(names)
    axes = []
    for k, name in enumerate(names):
        bottom = 1 - (k + 1) * height
        fig.text(
            0.02,
            bottom + height / 2,
            name,
            color="white",
            fontsize=14 if width <= 0.1 else 11,  # a wide margin has long titles
            va="center",
        )
        axes.append(fig.add_axes([width, bottom + 0.04 * height, 0.98 - width, 0.92 * height]))
    return fig, axes


def learning_curves(histories):
    """Training and validation loss by epoch, one panel per model with all its networks.

    Parameters
    ----------
    histories : dict of (str, int) to DataFrame
        Name of the model and number of the network to `history.tsv`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    models = list(dict.fromkeys(model for model, _ in histories))
    n_columns = min(4, len(models))
    n_rows = -(-len(models) // n_columns)
    fig, axes = plt.subplots(
        n_rows, n_columns, figsize=(2.6 * n_columns, 2.4 * n_rows), sharey=True, squeeze=False
    )
    for ax in axes.flat[len(models) :]:
        ax.axis("off")
    for (model, network), history in histories.items():
        ax, first = axes.flat[models.index(model)], network == 0
        lines = {"training": ("train_loss", "0.7"), "validation": ("validation_loss", "C0")}
        for label, (column, colour) in lines.items():
            label = label if first else None
            ax.plot(history["epoch"], history[column], color=colour, lw=1, label=label)
        best = history["validation_loss"].idxmin()
        ax.plot(history["epoch"][best], history["validation_loss"][best], "o", color="C3", ms=4)
        ax.set(title=model, xlabel="epoch", ylim=(0, None))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0, 0].set_ylabel("cross-entropy")
    axes[0, 0].legend(frameon=False, fontsize="small")
    return finished(fig)


def roc_curves(panels, class_names):
    """One-vs-rest ROC curves, one panel per set of predictions.

    Parameters
    ----------
    panels : dict of str to DataFrame
        Title to predictions with `diagnosis` and `p_<class>`.
    class_names : tuple of str
        Diagnoses to draw.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(4.2 * len(panels), 4), squeeze=False)
    for ax, (title, predictions) in zip(axes.flat, panels.items(), strict=True):
        for name in class_names:
            positive = predictions["diagnosis"] == name
            if positive.any():
                x, y, _ = roc_curve(positive, predictions[f"p_{name}"])
                ax.plot(
                    x, y, color=colours(class_names)[name], label=f"{name} (n = {sum(positive)})"
                )
        ax.plot([0, 1], [0, 1], ":", color="0.6")
        ax.set(title=title, xlabel="1 - specificity", ylabel="sensitivity", aspect="equal")
        ax.legend(frameon=False, loc="lower right")
    return finished(fig)


def rate_bars(tables, class_names):
    """Sensitivity, specificity, PPV and NPV with 95% intervals by diagnosis (Figs. 3, 4, 8).

    Parameters
    ----------
    tables : dict of str to DataFrame
        Condition to `diagnostics.diagnostic_table`, indexed by diagnosis.
    class_names : tuple of str
        Diagnoses, one panel each.

    Returns
    -------
    matplotlib.figure.Figure
    """
    shown = [name for name in class_names if any(name in table.index for table in tables.values())]
    fig, axes = plt.subplots(
        1, len(shown), figsize=(3.1 * len(shown), 3.4), sharey=True, squeeze=False
    )
    shades = sns.color_palette("Blues_d", len(tables))
    for ax, name in zip(axes.flat, shown, strict=True):
        for k, (condition, table) in enumerate(tables.items()):
            if name not in table.index:
                continue
            row, x = (
                table.loc[name],
                np.arange(len(RATES)) + (k - len(tables) / 2 + 0.5) * 0.8 / len(tables),
            )
            value = np.array([row[rate] for rate in RATES], float)
            low = np.array([row[f"{rate}_low"] for rate in RATES], float)
            high = np.array([row[f"{rate}_high"] for rate in RATES], float)
            ax.bar(x, value, 0.8 / len(tables), color=shades[k], label=condition)
            ax.errorbar(x, value, [value - low, high - value], fmt="none", ecolor="0.2", lw=1)
        ax.set_title(name)
        ax.set_xticks(range(len(RATES)), RATES.values(), rotation=30, ha="right")
    axes[0, 0].set(ylim=(0, 1), ylabel="rate (95% interval)")
    entries = [zip(*ax.get_legend_handles_labels(), strict=True) for ax in axes.flat]
    handle_of = {label: handle for panel in entries for handle, label in panel}
    shown = [condition for condition in tables if condition in handle_of]
    handles = [handle_of[condition] for condition in shown]
    fig.legend(handles, shown, loc="outside lower center", ncols=len(tables), frameon=False)
    return finished(fig)


def confusion(table):
    """Confusion matrix as a heat map with counts.

    Parameters
    ----------
    table : DataFrame
        Rows true diagnosis, columns predicted.

    Returns
    -------
    matplotlib.figure.Figure
    """
    table = table[table.sum(axis=1) > 0]
    fig, ax = plt.subplots(figsize=(4.6, 3.4))
    share = table.div(table.sum(axis=1), axis=0)
    sns.heatmap(
        share, annot=table, fmt="d", cmap="Blues", vmin=0, vmax=1, ax=ax, square=True,
        cbar_kws={"label": "share of the true diagnosis"},
    )  # fmt: skip
    ax.set(xlabel="predicted diagnosis", ylabel="true diagnosis")
    return finished(fig)


def auc_against_cost(found, alpha=0.05):
    """Mean AUC of each recipe against the operations of its training step.

    Parameters
    ----------
    found : DataFrame, one row per recipe
        `auc`, `low`, `high`, `p` (against the best) and `gflop`.
    alpha : float
        Recipes with `p` below it are drawn open.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(7.5, 4))
    for k, (recipe, row) in enumerate(found.iterrows()):
        colour = "C0" if row["p"] >= alpha else "white"
        ax.plot([row["gflop"]] * 2, [row["low"], row["high"]], color="0.6", lw=1.5, zorder=1)
        ax.scatter(row["gflop"], row["auc"], s=50, color=colour, edgecolor="C0", zorder=2)
        ax.annotate(
            recipe.replace("_", " "), (row["gflop"], row["auc"]), xytext=(7, (-7, 7)[k % 2]),
            textcoords="offset points", va="center", fontsize="small",
        )  # fmt: skip
    ax.set(
        xscale="log", xlabel="GFLOP of one training step for one scan",
        ylabel="mean AUC of the patient groups",
    )  # fmt: skip
    ax.margins(x=0.25)
    return finished(fig)


def group_boxes(table, values, tests, class_names, y_title="binding ratio"):
    """Box plots by diagnosis with pairwise Mann-Whitney P values (Fig. 6).

    Parameters
    ----------
    table : DataFrame
        One row per scan: `diagnosis` and one column per value.
    values : dict of str to str
        Column to axis title.
    tests : dict of str to DataFrame
        Column to `metrics.mann_whitney`.
    class_names : tuple of str
        Diagnoses from left to right.
    y_title : str
        Title of the value axes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    n_columns = min(3, len(values))
    n_rows = -(-len(values) // n_columns)
    fig, axes = plt.subplots(
        n_rows, n_columns, figsize=(3.2 * n_columns, 3.8 * n_rows), squeeze=False
    )
    for ax in axes.flat[len(values) :]:
        ax.axis("off")
    for ax, (column, title) in zip(axes.flat, values.items(), strict=False):
        order = [name for name in class_names if name in set(table["diagnosis"])]
        sns.boxplot(
            table, x="diagnosis", y=column, hue="diagnosis", order=order, width=0.6,
            palette=colours(class_names), fliersize=0, ax=ax, legend=False,
        )  # fmt: skip
        sns.stripplot(table, x="diagnosis", y=column, order=order, color="0.2", size=2, ax=ax)
        low, high = table[column].min(), table[column].max()
        step = 0.09 * (high - low)
        for k, test in enumerate(tests[column].itertuples()):
            left, right = order.index(test.group_a), order.index(test.group_b)
            y = high + (k + 0.7) * step
            ax.plot([left, left, right, right], [y - 0.2 * step, y, y, y - 0.2 * step], "k", lw=0.8)
            ax.text((left + right) / 2, y, p_text(test.p), ha="center", va="bottom", fontsize=8)
        ax.set(title=title, xlabel="", ylabel=y_title)
    return finished(fig)


def p_text(p):
    """A P value as text: two significant digits down to 0.0001."""
    return "P < 0.0001" if p < 1e-4 else f"P = {p:.2g}"


def feature_counts(counts, n_features):
    """Share of significant features by region and pair of diagnoses (Fig. 7D).

    Parameters
    ----------
    counts : DataFrame
        Columns `region`, `pair`, `n_significant`.
    n_features : int
        Features tested.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(7, 3.6))
    sns.barplot(counts, x="pair", y="n_significant", hue="region", palette="Blues_d", ax=ax)
    for bars in ax.containers:
        ax.bar_label(bars, fontsize=8)
    ax.axhline(n_features, ls=":", color="0.5")
    ax.set(xlabel="", ylabel=f"significant features of {n_features}", ylim=(0, 1.12 * n_features))
    ax.legend(title="", frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    return finished(fig)


def p_value_maps(tests):
    """Heat map of P values: features in rows, region and pair in columns (Fig. 7A-C).

    Parameters
    ----------
    tests : DataFrame
        Columns `feature`, `region`, `pair`, `p`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    regions = list(dict.fromkeys(tests["region"]))
    fig, axes = plt.subplots(1, len(regions), figsize=(3 * len(regions), 9), sharey=True)
    for ax, region in zip(np.atleast_1d(axes), regions, strict=True):
        wide = tests[tests["region"] == region].pivot(index="feature", columns="pair", values="p")
        exponent = -np.log10(wide.clip(lower=1e-6))
        sns.heatmap(
            exponent, cmap="mako_r", vmin=0, vmax=6, ax=ax, yticklabels=False,
            cbar=ax is np.atleast_1d(axes)[-1], cbar_kws={"label": "-log10 P (1.3 is P = 0.05)"},
        )  # fmt: skip
        classes = pd.Series([name.split("_")[0] for name in wide.index])
        starts = classes.drop_duplicates().index
        ax.hlines(starts, *ax.get_xlim(), color="white", lw=1)
        ax.set(title=region, xlabel="", ylabel="")
        ax.tick_params(axis="x", rotation=45)
    middles = [classes.index[classes == name].to_numpy().mean() + 0.5 for name in classes.unique()]
    np.atleast_1d(axes)[0].set_yticks(middles, classes.unique())
    return finished(fig)


def importance_bars(shares):
    """Feature importances of the fusion (Fig. 8E).

    Parameters
    ----------
    shares : Series
        Importance by feature, largest first.

    Returns
    -------
    matplotlib.figure.Figure
    """
    fig, ax = plt.subplots(figsize=(6, 3.4))
    sns.barplot(x=shares.to_numpy(), y=shares.index, color=sns.color_palette("Blues_d")[2], ax=ax)
    ax.bar_label(ax.containers[0], fmt="%.2f", fontsize=8, padding=2)
    ax.set(xlabel="importance (mean gain per split, share)", ylabel="")
    sns.despine(fig)
    return finished(fig)
