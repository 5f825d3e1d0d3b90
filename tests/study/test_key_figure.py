"""The ladder of AUCs, from what two pages have stored."""

from datnet_study.figures import plot_key_figure
from datnet_study.key_figure import auc_ladder

TRUTH = {
    "DAT-Net.IPD.MSA": (0.7, 0.6, 0.8),
    "DAT-Net.IPD.PSP": (0.9, 0.8, 1.0),
    "oracle, true binding.IPD.MSA": (0.9, 0.8, 1.0),
    "binding ratios.IPD.MSA": (0.5, 0.4, 0.6),
    "binding ratios, blind test.IPD.MSA": (0.55, 0.3, 0.8),
    "DAT-Net, blind test.IPD.MSA": (0.45, 0.3, 0.6),
}


def test_methods_rise_by_their_auc_in_cross_validation_with_the_blind_test_beside_it():
    ladder = auc_ladder(TRUTH, "IPD", "MSA")
    assert ladder[["method", "cohort", "auc"]].to_numpy().tolist() == [
        ["binding ratios", "cross-validation", 0.5],
        ["binding ratios", "blind test", 0.55],
        ["DAT-Net", "cross-validation", 0.7],
        ["DAT-Net", "blind test", 0.45],
        ["oracle, true binding", "cross-validation", 0.9],
    ]


def test_pairs_are_found_as_cross_validation_writes_them_and_no_other():
    stored = {"DAT-Net.PD vs ET": (0.7, 0.6, 0.8), "DAT-Net.PD vs MSA": (0.2, 0.1, 0.3)}
    assert auc_ladder(stored, "PD", "ET")["auc"].tolist() == [0.7]
    assert auc_ladder(stored, "ET", "MSA").empty
    stored = {"DAT-Net.PD against ET": (0.8, 0.6, 0.9), "DAT-Net.PD": (0.5, 0.4, 0.6)}
    assert auc_ladder(stored, "PD", "ET")["auc"].tolist() == [0.8]
    assert auc_ladder({}, "PD", "ET").empty


def test_only_the_limit_that_no_scan_shows_is_black_and_says_so():
    pairwise = TRUTH | {"oracle, region means.IPD.MSA": (0.8, 0.7, 0.9)}
    fig = plot_key_figure(auc_ladder(pairwise, "IPD", "MSA"), "DAT-Net", "AUC")
    labels = {tick.get_text(): tick.get_color() for tick in fig.axes[0].get_yticklabels()}
    black = [name for name, colour in labels.items() if colour == "black"]
    assert black == ["true binding, no scanner (limit)"]
    assert "Bayes' rule on region means of the image" in labels
    assert labels["Bayes' rule on region means of the image"] != labels["binding ratios"]
