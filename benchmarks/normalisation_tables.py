"""Tables of what `normalisation.py` measured, also of a run that is not finished.

    python benchmarks/normalisation_tables.py ROWS.tsv

Landmarks, ratios, bias by diagnosis, what the map tells of the diagnosis, and the quality score.
"""

import sys

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from datnet_core.metrics.bootstrap import resampled_participants, weighted_auc

DIAGNOSES = ("NC", "IPD", "MSA", "PSP")
REGIONS = ("putamen", "caudate")
FAILED_MM, FAILED_SHARE = 6.0, 0.1  # what counts as a failure


def failed(rows, name):
    """Landmarks off by more than 6 mm, or a ratio by more than 10% (of 0.5 where it is less)."""
    off = rows["striatum_mm" if name == "found" else "spoilt_mm"] > FAILED_MM
    for region in REGIONS:
        error = (rows[f"{name}_{region}"] - rows[f"true_{region}"]).abs()
        off |= error > FAILED_SHARE * rows[f"true_{region}"].clip(lower=0.5)
    return off


def share_with_interval(hit):
    """Share of true values with its 95% interval (Wilson), as text."""
    n, p, z = len(hit), np.mean(hit), 1.96
    if not n:
        return "none"
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return f"{p:.3f} ({max(middle - half, 0):.3f} to {middle + half:.3f}), n = {n}"


def told_apart(rows, name):
    """Probability of each diagnosis from the shape of the map alone, cross-validated."""
    shape = rows.filter(regex=f"^{name}_shape_").to_numpy()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    proba = cross_val_predict(model, shape, rows["diagnosis"], cv=5, method="predict_proba")
    return dict(zip(sorted(set(rows["diagnosis"])), proba.T, strict=True))


def shape_tables(rows, seed=0):
    """Print what the shapes of true and found maps tell of the diagnosis, and what is added."""
    print(
        "\nAUC of a diagnosis from the shape of the map: true, found, difference with 95% interval"
    )
    if rows["diagnosis"].value_counts().min() < 5:
        return
    proba = [told_apart(rows, name) for name in ("true", "found")]
    drawn = resampled_participants(rows["diagnosis"], rows["number"], 2000, seed)
    times = np.vstack([np.ones(len(rows)), drawn])  # the first: all scans as they are
    for d in DIAGNOSES:
        is_d = (rows["diagnosis"] == d).to_numpy()
        true, found = (weighted_auc(is_d, scores[d], times) for scores in proba)
        more = found - true
        low, high = np.percentile(more[1:], [2.5, 97.5])
        print(f"  {d}  {true[0]:.2f}  {found[0]:.2f}  {more[0]:+.3f} ({low:+.3f} to {high:+.3f})")


def bias_differences(rows, name, region, rng, n_draws=2000):
    """Relative bias sum(ratio - true) / sum(true) of diagnoses, differences, and intervals."""
    groups = {
        d: part[[f"{name}_{region}", f"true_{region}"]].to_numpy()
        for d, part in rows.groupby("diagnosis")
    }
    drawn = {}
    for d, pairs in groups.items():
        sums = pairs[rng.integers(len(pairs), size=(n_draws, len(pairs)))].sum(axis=1)
        drawn[d] = sums[:, 0] / sums[:, 1] - 1
        yield d, pairs[:, 0].sum() / pairs[:, 1].sum() - 1, *np.percentile(drawn[d], [2.5, 97.5])
    names = [d for d in DIAGNOSES if d in groups]
    for k, a in enumerate(names):
        for b in names[k + 1 :]:
            here = [groups[d][:, 0].sum() / groups[d][:, 1].sum() for d in (a, b)]
            low, high = np.percentile(drawn[a] - drawn[b], [2.5, 97.5])
            yield f"{a} - {b}", here[0] - here[1], low, high


def ratio_tables(rows):
    """Print slopes and biases of the ratios, beside those of the best that an affine map can do."""
    print("\nratios against the true deformation: slope and R2 as found, by the true affine map")
    for region in (*REGIONS, *(f"{r}_{s}" for r in REGIONS for s in ("left", "right"))):
        true, line = rows[f"true_{region}"], f"  {region:14s}"
        for which in ("found", "affine"):
            ratio = rows[f"{which}_{region}"]
            slope, r = np.polyfit(true, ratio, 1)[0], np.corrcoef(true, ratio)[0, 1]
            line += f"  {slope:.3f}  {r**2:.3f}"
        print(line)
    print(
        "\nrelative bias of the mean ratio, and differences, with 95% interval; the same of affine"
    )
    for region in REGIONS:
        both = [
            bias_differences(rows, which, region, np.random.default_rng(0))
            for which in ("found", "affine")
        ]
        for (label, *found), (_, *affine) in zip(*both, strict=True):
            texts = ["{:+.3f} ({:+.3f} to {:+.3f})".format(*values) for values in (found, affine)]
            print(f"  {region:8s} {label:10s}", "   ".join(texts))


def summary(rows):
    """Print the tables."""

    def name(part):
        return ["own atlas", "other atlas"][part]

    print(f"{len(rows)} scans, {rows['diagnosis'].value_counts().to_dict()}")
    print("\nmm of landmarks: median, 95th percentile, largest")
    for measure in ("affine_mm", "striatum_mm", "brain_mm"):
        for part, group in [("all", rows), *((name(g), r) for g, r in rows.groupby("generator"))]:
            values = np.percentile(group[measure], [50, 95, 100])
            print(f"  {measure:12s} {part:12s}", "  ".join(f"{v:.2f}" for v in values))
    wrong = rows[rows["header"] != "right"]
    print(
        "wrong headers:",
        wrong.groupby("header")["striatum_mm"].agg(["count", "max"]).round(1).to_dict("index"),
    )
    ratio_tables(rows)
    shape_tables(rows)
    seconds = rows["seconds"]
    print(
        f"\nseconds a scan on one core: median {seconds.median():.1f}, "
        f"largest {seconds.max():.1f}; quality {rows['quality_s'].median():.1f}"
    )
    off, spoilt_off = failed(rows, "found"), failed(rows, "spoilt")
    truth = np.r_[off, spoilt_off]
    scores = np.r_[rows["score"], rows["spoilt_score"]].clip(max=1e3)
    print(f"\nfailures: {off.sum()} of {len(off)} maps found, {spoilt_off.sum()} spoilt ones")
    far = np.r_[rows["striatum_mm"], rows["spoilt_mm"]] > FAILED_MM
    print(
        f"AUC of the quality score: {roc_auc_score(truth, scores):.3f}; of landmarks that are "
        f"off by more than {FAILED_MM:g} mm alone: {roc_auc_score(far, scores):.3f}"
    )
    alarms, hits, _ = roc_curve(truth, scores)
    for share in (0.01, 0.02, 0.05, 0.1, 0.2):
        print(f"  detected at {share:.0%} false alarms: {np.interp(share, alarms, hits):.3f}")
    for label, limit in (("look or fail", 1), ("fail", 2)):
        print(f"{label}: false alarms {share_with_interval(scores[~truth] >= limit)}")
        print(f"  of them on maps as found {share_with_interval(rows['score'][~off] >= limit)}")
        print(f"  detected {share_with_interval(scores[truth] >= limit)}")
        for size, group in rows[spoilt_off].groupby("spoilt"):
            print(
                f"    spoilt by {size:2d} mm: {share_with_interval(group['spoilt_score'] >= limit)}"
            )


if __name__ == "__main__":
    summary(pd.read_csv(sys.argv[1], sep="\t"))
