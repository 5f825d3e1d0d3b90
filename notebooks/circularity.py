# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, models/fold-*, data_manifest/atlas/*,
#       data_manifest/null_ladder.tsv]
#     settings: [control, diagnoses, images, network, saliency.postprocess,
#       saliency.region_rule, saliency.region_threshold, training.accelerator,
#       training.n_folds]
#     threads: 1
# ---

# %% [markdown]
# # Does the network find it, or does it know the label?
#
# The paper's headline on binding is that the ratio of the region found by the network
# (DL-BR) tells IPD from MSA, which putamen and caudate do not. Whether that is a
# finding depends on whose map makes the region of a participant (A3), and the paper
# does not say. If the label has a part in the region, the ratio can differ between
# diagnoses for that reason alone. This page measures the same scans with the same
# networks and the same rule under every reading, from one that no label enters to one
# whose network has learned the scan, and asks how often each finds a difference where
# labels mean nothing. It shows what can happen, not what did in the paper.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
alpha: float = 0.05  # two-sided P below which a difference is significant
paper_p: float = 0.0001  # P below which the paper has IPD against MSA by the DL-BR
n_permutations: int = 2000  # labellings without meaning
n_patients: int = 500  # of more, about so many are drawn
thresholds: list = [0.6, 0.7, 0.8]  # of the region, for the fingerprint
n_fingerprint: int = 500  # labellings without meaning at each threshold
seed: int = 0  # of the labellings, and of that draw
chunk_size: int = 16  # scans per backward pass; bounds the memory

# %% tags=["setup"]
from itertools import combinations

import numpy as np
import pandas as pd
from IPython.display import Markdown

from datnet_core.saliency import top_voxels
from datnet_core.training import predict
from datnet_images import (
    Rows,
    binding_ratio,
    in_full_grid,
    mean_volume,
    region_fractions,
    region_mask_on,
    region_means,
    regional_binding,
)
from datnet_study import (
    PATTERN,
    READINGS,
    Evidence,
    beside,
    centre_distance,
    diagnosis_maps,
    explained,
    fold_models,
    fold_separation,
    measured_ratios,
    open_page,
    p_values,
    pattern_scores,
    permuted_labels,
    reading_p_values,
    retrained_rates,
    separation,
    separation_difference,
    show,
    significant_share,
    untrained_maps,
)
from datnet_study.figures import (
    plot_ladder,
    plot_ladder_differences,
    plot_region_shift,
)

page = open_page("circularity", study, into)
config = page.settings
classes, groups = config.diagnoses, config.compared
PAPER = ("IPD", "MSA", "PSP")  # whom the fingerprint is about
CONVENTIONAL = "conventional region"  # kinds of sources, in the figure
HONEST, CIRCULAR = "no own label in the region", "own label in the region"

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## The readings
#
# All regions are cut from their maps by the rule of this study (`saliency.region_rule`,
# `saliency.region_threshold`). The last row is no region: every voxel has a weight.

# %%
entered = {
    "box": "nothing: all of the brain that the network sees",
    "ellipsoid": "nothing but a size: the median one of the cross-fitted regions",
    "untrained": "networks with drawn weights, mean map of other folds, all classes",
    "cross_fitted": "model and scans of the other folds, as on the page saliency",
    "one_scale": "the same, in SD of the scans of the other folds in that region",
    "per_participant": "the held-out map of the scan for its most probable class",
    "per_label": "the held-out map of the scan for the class of its label",
    "per_diagnosis": "the mean held-out map of its diagnosis, as in Fig. 5",
    "trained_on": "its map, class of the label, by the model of the next fold",
    PATTERN: "signed weights for each pair, from the other folds",
}
titles = {name: reading.title for name, reading in READINGS.items()}
titles |= {PATTERN: "pattern, cross-fitted"}

# %%
own = {name: reading.sees_label for name, reading in READINGS.items()} | {
    PATTERN: False
}
show.table(
    pd.DataFrame(
        {
            "reading": titles.values(),
            "what makes the region": [entered[name] for name in titles],
            "own label takes part": ["yes" if own[name] else "no" for name in titles],
        }
    ),
    of_groups=True,
)

# %% [markdown]
# The *pattern* keeps what a mean over a region loses: each voxel of the ratio image is
# weighted by the complete, signed full-gradient map for one diagnosis minus that for
# the other, by a model and from scans of the other folds; scores are put on one scale
# by those other scans. So is a second row of the *cross-fitted* reading: its regions
# differ from fold to fold, which spreads the ratios and hides differences.
#
# Compared are the first scans of the patients of the training cohort; with one group of
# patients only, it is compared with controls. Of more than `n_patients`, about as many
# are drawn, by fold and diagnosis: maps of all scans by all models take room.

# %%
scans, atlas = page.scans(), page.atlas()
chosen = scans[(scans["cohort"] == "training") & scans["diagnosis"].isin(groups)]
chosen = chosen.drop_duplicates("participant_id")
n_there, share = len(chosen), min(1, n_patients / len(chosen))
cells = [cell for _, cell in chosen.groupby(["fold", "diagnosis"])]
drawn = [max(round(share * len(cell)), min(len(cell), 5)) for cell in cells]
chosen = pd.concat(
    cell.sample(n, random_state=seed) for cell, n in zip(cells, drawn, strict=True)
).sort_index()
rows, fold = chosen.index.to_numpy(), chosen["fold"].to_numpy(int)
labels = chosen["diagnosis"].map(classes.index).to_numpy()
volumes, seen = Rows(page.volumes(), rows), page.seen()[rows]
affine, shape = page.grid()
field = page.field()
in_box = in_full_grid(np.ones(seen.shape[1:], bool), field, shape)
brain = region_mask_on(atlas, "brain", affine, shape) & in_box

# %%
nuclei = config.images.regions
reference = config.images.reference_region
occipital = region_means(volumes, region_fractions(atlas, reference, affine, shape))
uptake = np.stack([volume[brain] for volume in volumes])
images = binding_ratio(uptake, occipital[:, None]).astype(np.float32)
conventional = regional_binding(volumes, atlas, affine, reference, nuclei)
conventional = conventional[list(nuclei)].to_numpy()
limits = [region_mask_on(atlas, region, affine, shape)[brain] for region in nuclei]
places = np.stack([np.ones(brain.sum(), bool), *limits])
pairs = list(combinations([classes.index(name) for name in groups], 2))
words = {(a, b): f"{classes[a]} against {classes[b]}" for a, b in pairs}

# %% [markdown]
# Maps of every scan by every fold model for every class; with them, whatever a label
# decides can be decided again for any other labelling without a network.

# %%
models = fold_models(page)
options = {"postprocess": config.saliency.postprocess, "chunk_size": chunk_size}
seen_brain = brain[field]
by_fold, responses = explained(
    models, seen, len(classes), seen_brain, images, **options
)
predicted = np.empty(len(rows), int)
for k, model in enumerate(models):
    held_out = np.flatnonzero(fold == k)
    predicted[held_out] = predict(model, seen, held_out).argmax(axis=1)

# %%
evidence = Evidence(
    images,
    places,
    centre_distance(seen_brain),
    fold,
    predicted,
    held_out=by_fold[fold, np.arange(len(rows))],
    by_fold=by_fold,
    responses=responses,
    untrained=untrained_maps(
        config.network, seen, len(classes), seen_brain, fold, options["postprocess"]
    ),
    rule=config.saliency.region_rule,
    threshold=config.saliency.region_threshold,
)

# %% [markdown]
# ## How often labels that mean nothing give a difference
#
# (a) The labels change places within the folds; the networks stay. Every choice that
# depends on a label is made again for each labelling. Where no label has a part in the
# region (*), and the folds have the same mix of diagnoses, (a) is `alpha` by
# construction, up to chance; or less, where the folds differ in their ratios, for the
# test pools them and the labels stay in their fold. (With `early_stopping_on:
# test_fold`, labels of the held-out fold choose the epoch of its network, and no row
# with a trained network is free of them.) A
# network that has learned the label of the very scan cannot be asked in this way, for
# it learned the true one.

# %%
shuffled = permuted_labels(labels, fold, n_permutations, seed)
chance = reading_p_values(evidence, shuffled, pairs)
at_once = conventional[None]
by_nucleus = p_values(at_once, shuffled, pairs)
rate_a = {
    (name, pair): significant_share(p[:, 0, i], alpha)
    for name, p in chance.items()
    for i, pair in enumerate(pairs)
    if name == PATTERN or not READINGS[name].retrained
}
rate_a |= {
    (nucleus, pair): significant_share(by_nucleus[:, q, i], alpha)
    for q, nucleus in enumerate(nuclei)
    for i, pair in enumerate(pairs)
}

# %% [markdown]
# (b) Small phantom cohorts whose patients all come from one distribution, each with
# networks of its own (`benchmarks/null_ladder.py`). This is a property of the readings,
# not of this study.

# %%
cohorts = pd.read_csv(page.path("data_manifest/null_ladder.tsv"), sep="\t")
trained = cohorts.drop_duplicates("cohort")
about = trained.iloc[0]
retrained = retrained_rates(cohorts, alpha)
pair_of = {frozenset((classes[a], classes[b])): (a, b) for a, b in pairs}
rate_b = {
    (row["source"], pair_of[two]): row
    for row in retrained.to_dict("records")
    for two in [frozenset((row["group_a"], row["group_b"]))]
    if two in pair_of
}
without_b = [words[pair] for pair in pairs if ("box", pair) not in rate_b]

# %% tags=["remove-input"]
text = (
    f"(a): {n_permutations} labellings. (b): {len(trained)} cohorts of "
    f"{about['patients']} patients, {about['grid_mm']:g} mm voxels, "
    f"{about['folds']} folds, networks of {about['filters']} filters trained for "
    f"{about['steps']} steps; they call {trained['right_learned'].mean():.0%} of the "
    f"scans that they learned from right, and "
    f"{trained['right_unseen'].mean():.0%} of the others."
)
if without_b:
    text += f" No such cohort has {', '.join(without_b)}, so (b) is missing there."
Markdown(text)

# %% [markdown]
# ## The ladder
#
# The ratios with the labels as they are, how well each separates a pair, and the
# paired difference to each conventional region.

# %%
ratios = measured_ratios(evidence, labels[None])
values = {
    (nucleus, pair): conventional[:, q]
    for q, nucleus in enumerate(nuclei)
    for pair in pairs
}
values |= {(name, pair): ratios[name][0, :, 0] for name in ratios for pair in pairs}
values |= {
    (PATTERN, pair): pattern_scores(evidence, labels[None], *pair)[0] for pair in pairs
}

# %%
found = {
    (source, pair): fold_separation(x, labels, fold, *pair)
    if source == PATTERN
    else separation(x, labels, *pair)
    for (source, pair), x in values.items()
}
mark = nuclei[0]
against = {
    (nucleus, *key): separation_difference(x, values[nucleus, key[1]], labels, *key[1])
    for key, x in values.items()
    for nucleus in nuclei
    if key[0] not in (*nuclei, PATTERN)  # whose direction is chosen by the networks
}

# %% [markdown]
# Every source in a row, with both rates.

# %%
every_source = [*nuclei, *titles]
kind_of = dict.fromkeys(nuclei, CONVENTIONAL)
kind_of |= {name: CIRCULAR if own[name] else HONEST for name in titles}
name_of = {nucleus: f"{nucleus} (conventional)" for nucleus in nuclei} | titles


def rates_in_words(source, pair):
    """Both false-positive rates of a source as text."""
    a, b = rate_a.get((source, pair)), rate_b.get((source, pair))
    fixed = source in nuclei or (source in READINGS and READINGS[source].fixed)
    return {
        "rate_a": f"{a[0]:.1%}{'*' if fixed else ''}" if a and a[0] >= 0 else "–",
        "rate_b": "–" if b is None else f"{b['share']:.1%}",
    }


# %%
drawn = [
    {"pair": words[pair], "source": name_of[source], "kind": kind_of[source]}
    | found[source, pair]
    | rates_in_words(source, pair)
    for pair in pairs
    for source in every_source
]
drawn = pd.DataFrame(drawn)

# %% figure="fig-circularity-ladder"
plot_ladder(
    drawn, ("false positives,\n(a) permuted", "false positives,\n(b) retrained")
)

# %% [markdown]
# **The ladder from honest to circular**: AUC with its 95% interval (DeLong) for each
# source of the region; shaded, the interval of the first conventional region. Right of
# each row the false positives: how often P falls below `alpha` where labels mean
# nothing, (a) with labels permuted, (b) with networks trained anew in small cohorts; *
# is not above `alpha` by construction, in folds of the same mix. Where the rates of a
# row lie far above it, a small P says nothing. Where regions differ from fold to fold,
# ratios are spread by that as well; then (a) can lie below `alpha`, and the row with
# the folds on one scale is the fairer look. The scores of the pattern come from one
# network a fold: its AUC is the mean of the folds, with an interval that allows for
# other networks, as on {doc}`cross_validation`. Its P does not, and is too small; (b)
# says by how much.
#
# The same in numbers, with the effect size d (difference of the means in pooled SD),
# for the first two diagnoses:


# %%
def with_limits(rate):
    """A rate and its interval as text."""
    if rate is None or np.isnan(rate[0]):
        return "–"
    return "{:.1%} ({:.1%} to {:.1%})".format(*rate)


def limits_b(source, pair):
    """Share and interval of the retrained cohorts, or None."""
    row = rate_b.get((source, pair))
    return None if row is None else (row["share"], row["low"], row["high"])


# %%
table = [
    {"groups": words[pair], "source": name_of[source]}
    | {"AUC (95%)": show.interval(*(row[key] for key in ("auc", "low", "high")), 2)}
    | {"d": f"{row['d']:+.2f}", "P": f"{row['p']:.2g}"}
    | {"false positives, permuted": with_limits(rate_a.get((source, pair)))}
    | {"retrained": with_limits(limits_b(source, pair))}
    for pair in pairs
    for source in every_source
    for row in [found[source, pair]]
]
table = pd.DataFrame(table).replace({"+nan": "–", "nan": "–"})
first_of = words[pairs[0]]


def of_first(rows, is_first=True):
    """Rows of a table on the first two diagnoses, or on all others."""
    return rows[(rows["groups"] == first_of) == is_first]


show.table(of_first(table), of_groups=True, not_people=list(table))

# %% [markdown]
# The other pairs of diagnoses, where there are any:

# %% tags=["hide-output"]
show.table(of_first(table, False), of_groups=True, not_people=list(table))

# %% [markdown]
# P values are two-sided Mann-Whitney tests, uncorrected; rates have 95% Wilson
# intervals.
#
# ## How the label gets into a ratio
#
# The mean maps of two diagnoses need not lie in the same place. Where they do not, the
# *same* scans have another ratio in either region, for uptake is not even. A reading
# that takes for each participant the region of the diagnosis then compares places as
# well as people.

# %%
a, b = pairs[0]
names = classes[a], classes[b]
regions = {
    name: top_voxels(
        diagnosis_maps(evidence, labels[None], c), evidence.rule, evidence.threshold
    )[0]
    for name, c in zip(names, (a, b), strict=True)
}
of_pair = np.isin(labels, (a, b))
in_region = {name: images[:, region].mean(axis=1) for name, region in regions.items()}
in_region["own diagnosis"] = ratios["per_diagnosis"][0, :, 0]
boxes = pd.concat(
    pd.DataFrame({"ratio": x[of_pair], "diagnosis": chosen["diagnosis"][of_pair]})
    .assign(**{"measured in": f"region of\n{name}"})
    for name, x in in_region.items()
)  # fmt: skip

# %% [markdown]
# Both regions on the whole grid, to be drawn:

# %%
full = {}
for name, region in regions.items():
    full[name] = np.zeros(shape, bool)
    full[name][brain] = region
outline = region_mask_on(atlas, mark, affine, shape)

# %% figure="fig-circularity-mechanism"
plot_region_shift(mean_volume(volumes), full, outline, affine, boxes)

# %% [markdown]
# **Regions of two diagnoses, and the ratios of the same scans in either.** Left: the
# regions cut from the mean held-out maps of the two diagnoses over the mean uptake, the
# first conventional region dashed. Right: all scans of both diagnoses measured in the
# region of the one, in that of the other, and each in that of its own diagnosis, which
# is the circular reading. What the third pair of boxes shows and the first two do not
# comes from the region.

# %%
medians = {name: np.median(x[of_pair]) for name, x in in_region.items()}
shift = medians[names[1]] - medians[names[0]]
p_in = {name: separation(x, labels, a, b)["p"] for name, x in in_region.items()}
n_voxels = [int(region.sum()) for region in regions.values()]
common = int((regions[names[0]] & regions[names[1]]).sum())

# %% tags=["remove-input"]
Markdown(
    f"The regions of {names[0]} and {names[1]} have {n_voxels[0]} and {n_voxels[1]} "
    f"voxels, {common} of them in common. The median ratio of the same "
    f"{of_pair.sum()} scans is **{medians[names[0]]:.3f} in the region of {names[0]} "
    f"and {medians[names[1]]:.3f} in that of {names[1]}**, a shift of {shift:+.3f}. "
    f"The two diagnoses differ by P = {p_in[names[0]]:.2g} if all are measured in the "
    f"first, P = {p_in[names[1]]:.2g} in the second, and P = "
    f"{p_in['own diagnosis']:.2g} if each is measured in its own."
)

# %% [markdown]
# ## Better than the putamen?
#
# A small P beside a large one is no proof that the first separates better. The
# difference of the AUCs on the same scans is. The direction is fixed beforehand: an AUC
# is the chance that the first diagnosis has the higher value, whichever way that falls.

# %%
differences = [
    {"pair": words[pair], "source": name_of[source], "kind": kind_of[source]}
    | {"difference": value, "low": low, "high": high}
    for pair in pairs
    for source in titles
    if source != PATTERN
    for value, low, high in [against[mark, source, pair]]
]

# %% figure="fig-circularity-differences"
plot_ladder_differences(pd.DataFrame(differences), f"AUC minus AUC\nof {mark}")

# %% [markdown]
# **AUC of each reading minus that of the first conventional region**, paired, with
# DeLong's 95% interval; dotted, no difference. Diamonds have the participant's own
# label in the region. Right is not better: where the conventional region has an AUC
# below 0.5, a difference below 0 separates better, and a reading can differ from it
# without separating the two diagnoses at all; the table says which. The pattern is left
# out: its direction is that of the networks, a ratio has none.


# %%
def in_words(source, nucleus, pair):
    """What a difference to a conventional region means for the separation."""
    limits = against[nucleus, source, pair][1:]
    said = beside(found[source, pair], found[nucleus, pair], *limits)
    return said + (" (its own label)" if own[source] else "")


compared = pd.DataFrame(
    {"groups": words[pair], "reading": name_of[source], "beside": nucleus}
    | {"difference of AUC": show.signed(*against[nucleus, source, pair], 2)}
    | {"the reading": in_words(source, nucleus, pair)}
    for pair in pairs
    for nucleus in nuclei
    for source in titles
    if source != PATTERN
)
show.table(of_first(compared), of_groups=True)

# %% [markdown]
# The other pairs of diagnoses, where there are any:

# %% tags=["hide-output"]
show.table(of_first(compared, False), of_groups=True)

# %% [markdown]
# What a reading with the label in the region separates *better*, it may owe to the
# label; its false-positive rates say how much.
#
# ## Inside putamen and caudate
#
# The part of each region that lies in a conventional one, as in the paper's Fig. 6C.

# %%
parts = {
    (name, nucleus, pair): separation(x[0, :, q], labels, *pair)
    for pair in pairs
    for q, nucleus in enumerate(nuclei, 1)
    for name, x in ratios.items()
}


def rate_inside(name, nucleus, pair):
    """False positives (a) of the part of a region inside a conventional one."""
    if READINGS[name].retrained:
        return "–"
    p = chance[name][:, 1 + list(nuclei).index(nucleus), pairs.index(pair)]
    return f"{significant_share(p, alpha)[0]:.1%}"


# %%
n_inside = {  # of all diagnoses: those of each pair would give each diagnosis away
    (name, nucleus): int((~np.isnan(x[0, :, q])).sum())
    for q, nucleus in enumerate(nuclei, 1)
    for name, x in ratios.items()
}
inside = pd.DataFrame(
    {"groups": words[pair], "reading": titles[name], "inside": nucleus}
    | {"AUC (95%)": show.interval(*(row[key] for key in ("auc", "low", "high")), 2)}
    | {"P": show.p_value(row["p"]), "scans": n_inside[name, nucleus]}
    | {"false positives, permuted": rate_inside(name, nucleus, pair)}
    for (name, nucleus, pair), row in parts.items()
)
not_people = [name for name in inside if name != "scans"]
show.table(of_first(inside), of_groups=True, not_people=not_people)

# %% [markdown]
# *Scans* counts those of all diagnoses whose region reaches into the conventional one.
# An AUC below 0.5 is the other way round. The other pairs, where there are any:

# %% tags=["hide-output"]
show.table(of_first(inside, False), of_groups=True, not_people=not_people)

# %% [markdown]
# ## The fingerprint in the paper
#
# In the paper the DL-BR *gains* a difference between IPD and MSA that the putamen does
# not have, and the part of the region inside the putamen *loses* the difference between
# IPD and PSP that the whole putamen has. A region that differs by diagnosis can do both
# at once. Which readings show both signs here, and how often would they appear if IPD
# and MSA did not differ? For that, the labels of these two change places within the
# folds, those of PSP stay.

# %%
paper = set(PAPER) <= set(groups) and "putamen" in nuclei
gain_loss, signs = [], []
if paper:
    ipd, msa, psp = (classes.index(name) for name in PAPER)
    gain_loss, at = [(ipd, msa), (ipd, psp)], nuclei.index("putamen")
    mixed = permuted_labels(labels, fold, n_fingerprint, seed, among=(ipd, msa))
    true_and_mixed = np.concatenate([labels[None], mixed])
    known = p_values(at_once, true_and_mixed, gain_loss)[:, at]

# %% [markdown]
# The same at several thresholds of the region, every region cut anew.


# %%
def fingerprint(threshold):
    """Rows of the table of one threshold."""
    cut = evidence._replace(threshold=threshold)
    for name, p in reading_p_values(cut, true_and_mixed, gain_loss).items():
        if name == PATTERN:
            continue
        gains = (p[:, 0, 0] < alpha) & (known[:, 0] >= alpha)
        loses = (p[:, at + 1, 1] >= alpha) & (known[:, 1] < alpha)
        both = np.stack([gains, loses, gains & loses])
        learned = READINGS[name].retrained
        by_chance = np.full(3, np.nan) if learned else both[:, 1:].mean(1)
        yield name, threshold, p[0, 0, 0], p[0, at + 1, 1], both[:, 0], by_chance


# %%
used = sorted({*thresholds, evidence.threshold}) if paper else []
signs = [row for threshold in used for row in fingerprint(threshold)]
shown = pd.DataFrame(
    {
        "reading": titles[name],
        "threshold": f"{threshold:g}",
        "P IPD–MSA": f"{first:.2g}",
        "P IPD–PSP in the putamen": f"{second:.2g}",
        "gains": "yes" if both[0] else "no",
        "loses": "yes" if both[1] else "no",
    }
    | {
        f"{sign} by chance": f"{rate:.1%}"
        for sign, rate in zip(("gains", "loses", "both"), by_chance, strict=True)
    }
    for name, threshold, first, second, both, by_chance in signs
)
shown = shown.replace({"nan": "–", "nan%": "–"})
at_own = np.array([row[1] == evidence.threshold for row in signs], bool)
show.table(shown[at_own], of_groups=True, not_people=list(shown))

# %% [markdown]
# At the threshold of this study, above. At the others:

# %% tags=["hide-output"]
show.table(shown[~at_own], of_groups=True, not_people=list(shown))

# %% [markdown]
# In a sentence:

# %%
missing = "This study has not the three diagnoses and the putamen that it is about."
if paper:
    show_both = [f"{titles[s[0]]} ({s[1]:g})" for s in signs if s[4][2]]
    sides = (f"by P = {known[0, 0]:.2g}", f"by P = {known[0, 1]:.2g}")
    missing = (
        f"The whole putamen separates IPD from MSA {sides[0]}, and IPD from PSP "
        f"{sides[1]}. Both signs appear under "
        f"{', '.join(show_both) or 'none of the readings at any of the thresholds'}."
    )

# %% tags=["remove-input"]
Markdown(missing)

# %% [markdown]
# A sign can only appear where the putamen allows it: no gain where it separates IPD
# from MSA itself, no loss where it does not separate IPD from PSP.
#
# ## Is the honest reading honest?
#
# Cross-fitted regions are cut without the label of the scan, but from networks that
# were trained on the other folds. With networks trained anew (b):

# %%
honest = [name for name in titles if not own[name]]
checked = pd.DataFrame(
    {
        "reading": titles[name],
        "groups": words[pair],
        "false positives (b)": with_limits(limits_b(name, pair)),
        f"P of {alpha:.0%} (Holm)": f"{row['p_holm']:.2g}",
        "rate": ("below" if row["share"] < alpha else "above")
        if row["p_holm"] < alpha
        else "not told apart",
    }
    for name in honest
    for pair in pairs
    if (row := rate_b.get((name, pair)))
)
show.table(checked, of_groups=True, not_people=list(checked))

# %% [markdown]
# What is not told apart from the nominal rate need not have it: of few cohorts, only a
# rate far from it can be told. Holm is over the pairs of a reading.

# %%
of_cross = [rate_b[key, pair] for key, pair in rate_b if key == "cross_fitted"]
above = sum(row["p_holm"] < alpha and row["share"] > alpha for row in of_cross)
honesty = (
    f" In {len(trained)} phantom cohorts with nothing to find and networks trained "
    f"anew, the rate of the cross-fitted region is above {alpha:.0%} for {above} of "
    f"{len(of_cross)} pairs."
    if of_cross
    else ""
)


# %%
def small_p(source, pair):
    """P and the rates of a source, in words."""
    rates = rates_in_words(source, pair)
    texts = [f"{rates[key].rstrip('*')} {how}" for key, how in (
        ("rate_a", "with permuted labels"), ("rate_b", "with retrained networks")
    ) if rates[key] != "–"]  # fmt: skip
    rate = f" (false positives {' and '.join(texts)})" if texts else ""
    return f"{titles[source]} P = {found[source, pair]['p']:.2g}{rate}"


# %%
first = pairs[0]
by = {c: [s for s in titles if own[s] == c] for c in (False, True)}
cross, putamen = found["cross_fitted", first], found[mark, first]
cross_auc = against[mark, "cross_fitted", first]
verdict_of_all = {
    pair: beside(
        found["cross_fitted", pair],
        found[mark, pair],
        *against[mark, "cross_fitted", pair][1:],
    )
    for pair in pairs
}

# %%
auc_of = {
    source: show.interval(*(row[key] for key in ("auc", "low", "high")), 2)
    for source, row in ((mark, putamen), ("cross_fitted", cross))
}

# %% [markdown]
# The result in parts: what the honest region does, what the label in the region does,
# how often that happens where labels mean nothing, and what the paper has.

# %%
least = min(
    by[True], key=lambda source: np.nan_to_num(found[source, first]["p"], nan=1)
)
least_p = found[least, first]["p"]
told = verdict_of_all[first]
drawn_of = f", {len(rows)} of {n_there} people" if len(rows) < n_there else ""
result = (
    f"{words[first]} {page.where}{drawn_of}: in the region found without the "
    f"participant's label the AUC is {auc_of['cross_fitted']}, P = {cross['p']:.2g}; "
    f"in the {mark} {auc_of[mark]}, P = {putamen['p']:.2g} ({told}: a difference of "
    f"{show.interval(*cross_auc, 2)})."
)
if has_p := np.isfinite(least_p):
    result += (
        " Where the participant's label picks the region, the smallest P is "
        f"{least_p:.2g} ({titles[least]})"
    )

# %%
if has_p and (least, first) in rate_a:
    trials = chance[least][:, 0, 0]
    as_small = significant_share(trials, np.nextafter(least_p, 1))  # P <= least_p
    result += (
        f"; labels without meaning give P < {alpha:g} there in "
        f"{with_limits(rate_a[least, first])} of the trials, and a P as small as "
        f"that in {with_limits(as_small)}"
    )
elif has_p and (least, first) in rate_b:
    result += (
        f"; networks trained anew on labels without meaning give P < {alpha:g} there "
        f"in {with_limits(limits_b(least, first))} of the trials"
    )
smallest = [titles[s] for s in titles if found[s, first]["p"] < paper_p]
under = f"appears in the whole region under {' and '.join(smallest) or 'no reading'}"
result += "." if has_p else ""
if {"IPD", "MSA"} == {classes[k] for k in first}:
    result += f" The paper's P < {paper_p:g} {under}."

# %% [markdown]
# Where the honest region separates clearly better or worse than a conventional one:


# %%
def beside_other(nucleus, pair):
    """Whether the honest region separates better or worse, with both AUCs, or None."""
    both = found["cross_fitted", pair], found[nucleus, pair]
    said = beside(*both, *against[nucleus, "cross_fitted", pair][1:])
    marks = both[1]["low"] > 0.5 or both[1]["high"] < 0.5  # the conventional one does
    clear = {
        "separates better": "better",
        "does not separate": "worse" if marks else "",
    }
    clear |= {
        "separates worse": "worse",
        "separates, which the other does not": "better",
    }
    if not (word := clear.get(said)):
        return None
    aucs = [row["auc"] if both[1]["auc"] >= 0.5 else 1 - row["auc"] for row in both]
    numbers = "AUC {:.2f} against {:.2f}".format(*aucs)
    return word, nucleus, f"{words[pair]} ({numbers})"


# %%
others = [
    clear
    for nucleus in nuclei
    for pair in pairs
    if (nucleus, pair) != (mark, first) and (clear := beside_other(nucleus, pair))
]
for side in dict.fromkeys(row[:2] for row in others):
    in_pairs = ", ".join(row[2] for row in others if row[:2] == side)
    than = "{} than the {}".format(*side)
    result += f" The region found without the label separates {than}: {in_pairs}."

# %%
circular = "; ".join(small_p(source, first) for source in by[True])
small = {c: sum(found[s, first]["p"] < alpha for s in by[c]) for c in by}
within = [
    f"{titles[name]} inside the {nucleus} (AUC {row['auc']:.2f}, P = {row['p']:.2g})"
    for (name, nucleus, pair), row in parts.items()
    if pair == first and row["p"] < paper_p
]
in_full = (
    f"The cross-fitted region beside the {mark}: "
    + ", ".join(f"{words[pair]} {word}" for pair, word in verdict_of_all.items())
    + f". With the label in the region, {words[first]}: {circular}. P < {alpha:g} "
    f"appears under {small[False]} of {len(by[False])} readings without the label and "
    f"{small[True]} of {len(by[True])} with it. P < {paper_p:g} {under}"
    f"{'; of its parts, under ' if within else ''}{', '.join(within)}.{honesty}"
)

# %% tags=["remove-input"]
Markdown(in_full)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page, and in full above. How sure it is, and what
# it does not show:
#
# - The paper does not say which reading it used. This page shows what each can do, not
#   which one made the published numbers.
# - The intervals take the networks as given. Rates (a) hold for this study; rates (b)
#   for small networks on small phantom cohorts, and need not hold for others.
# - A reading can be honest in its false positives and still be no ratio of binding: the
#   map of the predicted class puts the verdict of the network into the place that is
#   measured. A row that separates the other way round than the conventional regions do
#   may measure the place.
# - A separation without the label need not come from the network: compare the rows
#   *ellipsoid*, of which only the size was learned, and *untrained networks*.
# - P values are not corrected for the many tests of this page.

# %%
numbers = {
    "separation": {f"{s}.{words[pair]}": row for (s, pair), row in found.items()},
    "difference": {f"{s}-{n}.{words[p]}": d for (n, s, p), d in against.items()},
    "false_positives_permuted": {f"{s}.{words[p]}": r for (s, p), r in rate_a.items()},
    "false_positives_retrained": retrained.to_dict("records"),
    "mechanism": {"median": medians, "p": p_in, "voxels": n_voxels, "common": common},
    "inside": inside.to_dict("records"),
    "fingerprint": shown.to_dict("records"),
    "patients": {"compared": len(rows), "there": n_there},
}
page.close(numbers, result=result)
