"""Every figure of the study on small made-up data, by the name of its function."""

from itertools import combinations

import nibabel as nib
import numpy as np
import pandas as pd

from datnet_core.metrics.groups import mann_whitney
from datnet_phantom.spectrum import power_spectrum
from datnet_study import figures
from datnet_study.calibration import net_benefit, referral, reliability
from datnet_study.flow_counts import flow_counts
from datnet_study.key_figure import auc_ladder
from datnet_study.performance import confusion, diagnostic_table, right_decisions

AFFINE = np.array([[8.0, 0, 0, -78], [0, 8, 0, -112], [0, 0, 8, -50], [0, 0, 0, 1]])
SHAPE = (20, 24, 18)
STUDIES = [("IPD", "MSA", "PSP", "NC"), ("PD", "HC")]


def template():
    """A box for a head."""
    box = np.zeros(SHAPE, np.float32)
    box[2:18, 2:22, 2:16] = 1
    return nib.Nifti1Image(box, AFFINE)


def images(names, rng, draw="random"):
    """An image of random numbers for each name."""
    values = {name: getattr(rng, draw)(SHAPE).astype(np.float32) for name in names}
    return {name: nib.Nifti1Image(volume, AFFINE) for name, volume in values.items()}


def made_up_scans(names):
    """Three scans per cohort and diagnosis; the first participant of each has a second one."""
    rows = [
        {"participant_id": f"{cohort}-{name}-{max(k, 1)}", "cohort": cohort, "diagnosis": name}
        for cohort in ("pretraining", "training", "blind_test")
        for name in names
        for k in range(3)
    ]
    return pd.DataFrame(rows)


def made_up_predictions(names, rng, n=40):
    """Probabilities that know a little of the diagnosis."""
    table = pd.DataFrame({"diagnosis": np.array(names)[np.arange(n) % len(names)]})
    proba = rng.dirichlet(np.ones(len(names)), n)
    proba += 0.8 * (table["diagnosis"].to_numpy()[:, None] == np.array(names))
    table[[f"p_{name}" for name in names]] = proba / proba.sum(1, keepdims=True)
    return table


def made_up_tests(names, regions, rng):
    """Tests of nine features; the first region lacks one of them."""
    rows = [
        {
            "feature": f"{kind}_Name{k}",
            "region": region,
            "pair": f"{a} vs {b}",
            "p_bh": rng.random() ** 4,
            "rank_biserial": rng.uniform(-1, 1),
        }
        for kind in ("glcm", "firstorder", "shape")
        for k in range(3)
        for region in regions
        for a, b in combinations(names, 2)
    ]
    lacking = f"shape_Name2{regions[0]}"
    return pd.DataFrame([row for row in rows if row["feature"] + row["region"] != lacking])


def intervals(names, methods=("occlusion", "uptake")):
    """A number with its interval for each method and diagnosis; the last has no interval."""
    rows = [(method, name, 0.3 + 0.1 * k) for k, method in enumerate(methods) for name in names]
    table = pd.DataFrame(rows, columns=["method", "diagnosis", "ap"])
    table = table.assign(ap_low=table["ap"] - 0.1, ap_high=table["ap"] + 0.2)
    table.loc[len(table) - 1, ["ap_low", "ap_high"]] = np.nan
    return table


def flow(names, rng):
    return figures.plot_flow(made_up_scans(names), names)


def reporting_items(names, rng):
    statuses = ("reported", "partly", "missing", "not_applicable", "unverified")
    counted = pd.DataFrame([[20, 9, 8, 5, 0], [12, 0, 3, 1, 0]], columns=statuses)
    return figures.plot_items(counted.set_axis(["TRIPOD+AI", "CLEAR"]))


def counts_of_flow(names, rng):
    """Eighteen scans of twelve people, of whom one is left out; the blind test judged at random."""
    scans = made_up_scans(names).assign(
        session_id=lambda rows: rows.groupby("participant_id").cumcount()
    )
    quality = scans[["participant_id", "session_id"]].assign(used=True, by_hand=None, worst="noise")
    quality.loc[0, "used"] = False
    blind = scans[scans["cohort"] == "blind_test"].drop_duplicates("participant_id")
    proba = rng.dirichlet(np.ones(len(names)), len(blind))
    blind = blind.assign(**dict(zip([f"p_{name}" for name in names], proba.T, strict=True)))
    return flow_counts(quality, scans[1:], blind, names)


def flow_of_tests(names, rng):
    return figures.plot_test_flow(counts_of_flow(names, rng))


def group_boxes(names, rng):
    table = pd.DataFrame({"diagnosis": np.array(names)[np.arange(40) % len(names)]})
    values = {"putamen": "putamen", "caudate": "caudate", "dl": "DL", "dl_putamen": "DL putamen"}
    for column in values:
        table[column] = rng.normal(1, 0.3, len(table))
    table.loc[3, "dl_putamen"] = np.nan  # a scan whose region is empty
    pairs = list(combinations(names, 2))
    tests = {
        c: mann_whitney(table[c].dropna(), table["diagnosis"][table[c].notna()], pairs)
        for c in values
    }
    return figures.plot_group_boxes(table, values, tests, names)


def feature_counts(names, rng):
    rows = [
        {
            "region": region,
            "pair": f"{a} vs {b}",
            "n_features": 90,
            "n_significant": int(rng.integers(30, 90)),
            "after_bh": int(rng.integers(0, 30)),
        }
        for region in ("putamen", "caudate", "DL region")
        for a, b in combinations(names, 2)
    ]
    return figures.plot_feature_counts(pd.DataFrame(rows))


def feature_effects(names, rng):
    regions = ("putamen", "caudate", "DL region")
    return figures.plot_feature_effects(made_up_tests(names, regions, rng), 0.05)


def learning_curves(names, rng):
    epochs = {"epoch": range(5), "train_loss": rng.random(5), "validation_loss": rng.random(5)}
    networks = [(f"fold-{k}", j) for k in range(6) for j in range(2)]
    return figures.plot_learning_curves(dict.fromkeys(networks, pd.DataFrame(epochs)))


def auc_by_size(names, rng):
    rows = [
        (classifier, n, of, 0.6 + 0.1 * k, 0.5, 0.9)
        for classifier in ("DAT-Net, from scratch", "binding ratios")
        for k, n in enumerate((25, 50, 148))
        for of in (*names, "mean")
    ]
    columns = ["classifier", "participants", "of", "mean", "low", "high"]
    marks = {"oracle, true binding": dict.fromkeys((*names, "mean"), 0.95)}
    return figures.plot_auc_by_size(pd.DataFrame(rows, columns=columns), marks)


def roc_curves(names, rng):
    tables = {title: made_up_predictions(names, rng) for title in ("DAT-Net", "binding ratios")}
    return figures.plot_roc_curves(tables, names)


def rates(names, rng):
    tables = {
        title: diagnostic_table(made_up_predictions(names, rng), names)
        for title in ("all", "baseline", "follow-up")
    }
    return figures.plot_rates(tables, names)


def confusion_matrix(names, rng):
    return figures.plot_confusion(confusion(made_up_predictions(names, rng), names))


def key_figure(names, rng):
    a, b = names[:2]
    pairwise = {
        f"{name}{cohort}.{a}.{b}": (0.6 + 0.1 * k, 0.5, 0.95)
        for k, name in enumerate(("binding ratios", "DAT-Net", "oracle, true binding"))
        for cohort in ("", ", blind test")
    }
    return figures.plot_key_figure(auc_ladder(pairwise, a, b), "DAT-Net", "AUC")


def candidates(names, rng):
    rows = pd.DataFrame({"recipe": ["a", "b", "told"], "seed": 1, "AUC": [0.8, 0.7, 0.75]})
    return figures.plot_candidates(rows, "AUC", "mean AUC", mark="told")


def costs(classes, rng):
    steps = {"title": ["one", "another"], "ms": [200.0, 3.0], "rate": [9.0, 25.0]}
    return figures.plot_costs(pd.DataFrame(steps))


def auc_by_time(classes, rng):
    rows = {"steps": [10, 20, 10, 20], "seed": [1, 1, 2, 2], "minutes": [1.0, 2, 1, 2]}
    rows = pd.DataFrame(rows | {"mean": [0.7, 0.8, 0.8, 0.9]})
    return figures.plot_auc_by_time(rows, 20, {"told": 0.86})


def importances(names, rng):
    rows = [
        (draw, feature, measure, value + 0.1 * draw)
        for draw in range(3)
        for feature, value in {"p_MSA": 0.6, "age": 0.4, "sex": 0.0}.items()
        for measure in ("gain", "permutation")
    ]
    spread = pd.DataFrame(rows, columns=["draw", "feature", "measure", "value"])
    return figures.plot_importances(spread, {"gain": "gain (share)", "permutation": "loss"})


def auc_against_cost(names, rng):
    found = pd.DataFrame(
        {"auc": [0.8, 0.7], "low": [0.7, 0.6], "high": [0.9, 0.8], "p": [1, 0.01], "gflop": [1, 9]},
        index=["study", "mm8"],
    )
    return figures.plot_auc_against_cost(found)


def interval_panels(names, rng):
    chance = dict.fromkeys(names, 0.2)
    return figures.plot_interval_panels(intervals(names), "ap", "average precision", chance)


def judged_by_two(names, rng):
    """By classifier and diagnosis: whether it is the one, and its probability."""
    for title in ("DAT-Net", "binding ratios with asymmetry"):
        table = made_up_predictions(names, rng)
        yield from (((title, n), (table["diagnosis"] == n, table[f"p_{n}"])) for n in names)


def reliability_curves(names, rng):
    curves = {key: reliability(*judged, 5) for key, judged in judged_by_two(names, rng)}
    return figures.plot_reliability(curves)


def benefit_curves(names, rng):
    thresholds = np.linspace(0.02, 0.8, 9)
    curves = {key: net_benefit(*judged, thresholds) for key, judged in judged_by_two(names, rng)}
    return figures.plot_net_benefit(curves)


def referral_curves(names, rng):
    table = made_up_predictions(names, rng)
    proba = table[[f"p_{name}" for name in names]]
    curve = referral(proba, right_decisions(table, names))
    return figures.plot_referral({"DAT-Net": curve, "binding ratios": curve.iloc[:9]})


def detectors(names, rng):
    chance = dict.fromkeys(names, 0.2)
    return figures.plot_detectors(intervals(names), chance, ["uptake"])


def completeness(names, rng):
    gaps = {"single precision": np.array([1e-7, 1e-6, 0]), "double precision": np.zeros(2)}
    return figures.plot_completeness(gaps)


def region_sizes(names, rng):
    curves = pd.DataFrame({"rescaled": [0.9, 0.4, 0.1], "of_maximum": [1, 1, 0.9]}, [0.1, 0.5, 0.9])
    overlap = pd.DataFrame([[1, 0.2], [0.2, 1]], curves.columns, curves.columns)
    return figures.plot_region_sizes(curves, ("rescaled", 0.7), overlap)


def randomisation(names, rng):
    rows = [
        {"method": m, "layer": layer, "mean": r, "low": r - 0.1, "high": r + 0.1}
        for m in ("one", "two")
        for layer, r in {"head": 0.9, "stem": 0.1}.items()
    ]
    return figures.plot_randomisation(pd.DataFrame(rows), {"one": 0.6, "two": 0.5})


def perturbation(names, rng):
    curves = {m: (rng.random((5, 11)), rng.random((5, 11))) for m in ("occlusion", "random")}
    return figures.plot_perturbation(curves)


def precision_recall(names, rng):
    curve = np.array([1.0, 0.5, 0]), np.array([0.2, 0.6, 1])
    curves = {name: {"occlusion": curve} for name in names}
    return figures.plot_precision_recall(curves, dict.fromkeys(names, 0.2))


def over_threshold(names, rng):
    table = pd.DataFrame({"occlusion": [0.5, 0.4], "chance": [0.3, 0.1]}, index=[0.2, 0.5])
    return figures.plot_over_threshold(table, 0.5)


def beside_published(names, rng):
    rows = pd.DataFrame(
        {
            "diagnosis": [names[-1], names[0], names[0]],
            "region": ["caudate", "putamen_anterior", "putamen_anterior"],
            "side": ["both", "worse", "better"],
            "source": "someone2001",
            "percent": [2.2, 50.0, 60.0],
            "percent_sd": [0.2, 15.0, np.nan],
            "phantom": [2.3, 48.0, 63.0],
            "phantom_sd": [0.2, 12.0, 12.0],
        }
    )
    return figures.plot_beside_published(rows, names[-1])


def power_spectra(names, rng):
    spectra = {"a scan": power_spectrum(rng.standard_normal(SHAPE), 2.0)}
    return figures.plot_power_spectra(spectra, (2.0, 8.0))


def pretraining(names, rng):
    rows = [
        {"shift": shift, "n": n, "seed": seed, "start": start, "auc": 0.7 + 0.3 * rng.random()}
        for shift in ("atlas", "tracer")
        for n in (20, 80, 300)
        for seed in (1, 2)
        for start in ("simulated", "scratch")
    ]
    titles = {"atlas": "another atlas", "tracer": "another tracer"}
    return figures.plot_pretraining(pd.DataFrame(rows[:-1]), titles)


def montage(names, rng):
    return figures.plot_montage({name: rng.random(SHAPE) for name in names}, AFFINE)


def contours(names, rng):
    masks = {name: rng.random(SHAPE) > 0.9 for name in ("brain", "striatum", "occipital")}
    masks["brain"] = template().get_fdata() > 0
    scans = {f"sub-{name}": rng.random(SHAPE) for name in (*names, "last")}
    return figures.plot_contours(scans, masks, AFFINE)


FIELD = (slice(4, 16), slice(5, 20), slice(3, 13))


def region_strip(names, rng):
    regions = {f"fold {k}": rng.random(SHAPE) > 0.9 for k in range(6)}
    regions["nowhere"], regions["everywhere"] = np.zeros(SHAPE, bool), np.ones(SHAPE, bool)
    return figures.plot_region_strip(
        rng.random(SHAPE), regions, {"putamen": rng.random(SHAPE)}, AFFINE, FIELD
    )


def maps_beside(names, rng):
    maps = {name: {kind: rng.random(SHAPE) for kind in ("trained", "cone")} for name in names}
    maps[names[0]]["trained"][:8] = np.nan
    nuclei = {"putamen": rng.random(SHAPE)}
    return figures.plot_maps_beside(maps, nuclei, AFFINE, FIELD, (0, -2, 2))


def uptake_strip(names, rng):
    return figures.plot_uptake_strip({name: rng.random(SHAPE) for name in names}, AFFINE, FIELD)


def scan_strip(names, rng):
    anatomy = {name: rng.random(SHAPE) > 0.5 for name in names}
    return figures.plot_scan_strip(
        rng.random(SHAPE), anatomy, AFFINE, top=0.8, scale="uptake / occipital"
    )


def among(names, rng):
    places = {"putamen": {name: tuple(np.sort(rng.random(21))) for name in names}}
    return figures.plot_among(places, {"putamen": 0.5}, {"putamen": "binding ratio"})


def mean_saliency(names, rng):
    return figures.plot_saliency_maps(images(names, rng), template(), (8, -17, -10))


def layer_maps(names, rng):
    maps = images(["11 x 10 x 9\n60% of pattern"], rng)
    maps["1 x 1 x 1\n0% of pattern"] = nib.Nifti1Image(np.zeros(SHAPE, np.float32), AFFINE)
    return figures.plot_layer_maps(maps, template())


def effect_maps(names, rng):
    maps = images([f"{names[0]} - {names[1]}"], rng, "standard_normal")
    maps["no effect"] = nib.Nifti1Image(np.zeros(SHAPE, np.float32), AFFINE)
    return figures.plot_effect_maps(maps, template(), "Cohen's d")


def ladder_rows(names):
    kinds = ("conventional region", "no own label in the region", "own label in the region")
    rows = [
        {"pair": f"{a} against {b}", "source": kind[:12], "kind": kind, "auc": 0.4, "low": 0.3}
        for a, b in combinations(names, 2)
        for kind in kinds
    ]
    rows = pd.DataFrame(rows).assign(high=0.5, rate_a="5.0%*", rate_b="–")
    rows.loc[0, ["auc", "low", "high"]] = np.nan  # a source that could not be measured
    return rows


def ladder(names, rng):
    heads = ("false positives,\n(a) permuted", "false positives,\n(b) retrained")
    return figures.plot_ladder(ladder_rows(names), heads)


def ladder_differences(names, rng):
    rows = ladder_rows(names).rename(columns={"auc": "difference"})
    return figures.plot_ladder_differences(rows, "AUC minus AUC of putamen")


def region_shift(names, rng):
    regions = {name: np.zeros(SHAPE, bool) for name in names[:2]}
    for k, region in enumerate(regions.values()):
        region[8 + k : 11 + k, 10:14, 8:11] = True
    ratios = pd.DataFrame({"diagnosis": np.repeat(names[:2], 6), "ratio": rng.random(12)})
    ratios["measured in"] = ["region of both", "own region"] * 6
    return figures.plot_region_shift(rng.random(SHAPE), regions, regions[names[0]], AFFINE, ratios)


CHARTS = {
    "plot_auc_against_cost": auc_against_cost,
    "plot_auc_by_time": auc_by_time,
    "plot_candidates": candidates,
    "plot_costs": costs,
    "plot_among": among,
    "plot_auc_by_size": auc_by_size,
    "plot_beside_published": beside_published,
    "plot_completeness": completeness,
    "plot_confusion": confusion_matrix,
    "plot_contours": contours,
    "plot_detectors": detectors,
    "plot_feature_counts": feature_counts,
    "plot_feature_effects": feature_effects,
    "plot_flow": flow,
    "plot_group_boxes": group_boxes,
    "plot_importances": importances,
    "plot_items": reporting_items,
    "plot_key_figure": key_figure,
    "plot_interval_panels": interval_panels,
    "plot_ladder": ladder,
    "plot_ladder_differences": ladder_differences,
    "plot_learning_curves": learning_curves,
    "plot_maps_beside": maps_beside,
    "plot_montage": montage,
    "plot_net_benefit": benefit_curves,
    "plot_over_threshold": over_threshold,
    "plot_perturbation": perturbation,
    "plot_power_spectra": power_spectra,
    "plot_precision_recall": precision_recall,
    "plot_pretraining": pretraining,
    "plot_randomisation": randomisation,
    "plot_rates": rates,
    "plot_referral": referral_curves,
    "plot_region_shift": region_shift,
    "plot_region_sizes": region_sizes,
    "plot_reliability": reliability_curves,
    "plot_region_strip": region_strip,
    "plot_roc_curves": roc_curves,
    "plot_scan_strip": scan_strip,
    "plot_test_flow": flow_of_tests,
    "plot_uptake_strip": uptake_strip,
}
BRAINS = {  # a second each
    "plot_effect_maps": effect_maps,
    "plot_layer_maps": layer_maps,
    "plot_saliency_maps": mean_saliency,
}
