# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, data_manifest/atlas/*,
#       data_manifest/devices_seeds.tsv]
#     writes:
#       aggregates: [devices.tsv]
#     settings: [diagnoses, images, network, radiomics.bin_width, training]
#     threads: 2
# ---

# %% [markdown]
# # Other devices
#
# The paper has scans of one camera and leaves others to the future. Here networks and
# binding ratios learn at one hospital, the home site, and judge scans of others. The
# page says what is lost there, what remedies give back, and what they cost at home.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
home: str = "auto"  # site to learn at; auto: the one with most scans to learn from
left_out: str = "spect"  # site with another tracer, which has a page of its own
n_resamples: int = 1000  # of the bootstrap over participants
n_jobs: int = 2  # processes that train networks and extract radiomic features

# %% tags=["setup"]
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Markdown

from datnet_core.training import load_model
from datnet_images import region_mask_on, regional_binding, sides
from datnet_study import open_page, pooled_features, show, yardstick_features
from datnet_study.figures import plot_interval_panels
from datnet_study.sites import (
    NEEDS,
    OWN,
    after_combat,
    estimated_fwhm,
    groups_judged,
    home_of,
    judged_by_networks,
    judged_by_radiomics,
    judged_by_ratios,
    judged_table,
    learner_of,
    part_of_people,
    radiomic_features,
    ratio_bias,
    saliency_shift,
    setting_of,
    told_apart,
)
from datnet_study.sites.remedies import (
    BALANCED,
    COMBAT,
    DEGRADED,
    MATCHED,
    N_PARTS,
    NOTHING,
    RADIOMICS,
    RADIOMICS_COMBAT,
    RATIOS,
)
from datnet_study.titles import UNEVEN

page = open_page("devices", study, into)
config = page.settings

# %% tags=["remove-input"]
show.notice(page)

# %% tags=["remove-input"]
scans = page.scans()
seeds = pd.read_csv(page.path("data_manifest/devices_seeds.tsv"), sep="\t")
n_seeds = seeds["seed"].nunique()
several = "site" in scans and scans.loc[scans["site"] != left_out, "site"].nunique() > 1
if not several:
    page.write_table("devices.tsv", pd.DataFrame(columns=["site", "remedy", "pairs"]))
    plain = seeds[(seeds["remedy"] == NOTHING) & (seeds["who"] != OWN)]
    reached = plain.groupby(["who", "site"])["pairs"].agg(["mean", "min", "max"])
    there = ", ".join(
        f"{site} ({who}) {show.interval(*auc, 2)}"
        for (who, site), *auc in reached.itertuples()
    )
    page.end(
        "one site only",
        "nothing shows what another device would change",
        "The phantom study `sites` does ({doc}`../guide/second_site`): the mean AUC "
        "between two diagnoses, of networks that learned at one site, is there "
        f"{there} (mean and range over {n_seeds} seeds).",
    )

# %% [markdown]
# ## Who learns and who is judged
#
# The home site teaches with its pre-training and training cohorts. Judged are people
# who teach nothing. Where *the same people* were imaged at another site, the device is
# all that differs, and the diagnoses are as common as at home; *its own people* are
# the population of a site, with other shares of the diagnoses.


# %%
def title_of(site, who):
    """Name of a group of people who are judged."""
    return f"{site} ({who})"


# %%
chosen = home_of(scans) if home == "auto" else home
kept = scans["site"] != left_out
table = scans[kept].reset_index(drop=True)
setting = setting_of(table, config.diagnoses, chosen)
groups = groups_judged(setting)
title = {key: title_of(*key) for key in groups}
learn = setting.labels[setting.learn]
counts = {f"{chosen}, learned from": learn} | {
    title[key]: setting.labels[setting.judged[rows]] for key, rows in groups.items()
}
names = list(config.diagnoses)
sizes = {
    k: dict(zip(names, np.bincount(v, minlength=len(names)), strict=True))
    for k, v in counts.items()
}
show.table(pd.DataFrame(sizes).T.rename_axis("people").reset_index(), of_groups=True)

# %% [markdown]
# Participants by diagnosis. A group with one diagnosis is not judged.
#
# ## What the devices change
#
# The resolution of finished scans is entered (`images.site_fwhm_mm`), or else
# estimated from how much fine detail the mean scan of a site has beside that of the
# home site. Where both are there, they show how far an estimate can be trusted.

# %%
volumes = page.volumes()[kept.to_numpy()]
spacing, entered = config.images.grid_mm, config.images.site_fwhm_mm
own_mm = entered.get(
    chosen, np.hypot(config.images.scan_fwhm_mm, config.images.filter_fwhm_mm)
)
judged, at = setting.judged, setting.site[setting.judged]
sites = [chosen, *sorted(set(at) - {chosen})]
some = {name: volumes[judged[at == name]] for name in sites[1:]}
reference = volumes[setting.learn]
estimates = {
    name: estimated_fwhm(of, reference, own_mm, spacing) for name, of in some.items()
}
fwhm_mm = {chosen: own_mm} | {n: entered.get(n, mm) for n, mm in estimates.items()}

# %% [markdown]
# Next to the resolution: how much larger the binding ratios of the same people are
# than at home (mean over people with its interval), and how the mean saliency map of
# the network that learned at home correlates with that at home.

# %%
atlas, (affine, _) = page.atlas(), page.grid()
regions = list(config.images.regions)
reference_region = config.images.reference_region
both = regional_binding(volumes, atlas, affine, reference_region, regions)
pairs = both[sides(regions)].to_numpy().reshape(len(both), -1, 2).mean(axis=2)
ratios = pd.DataFrame(pairs, columns=regions)
bias = ratio_bias(ratios, setting)

# %%
features = yardstick_features(volumes, atlas, affine, config.images)[UNEVEN]
ages = table["age"].fillna(table["age"].mean()).fillna(0).to_numpy()
field = page.field()
learner = learner_of(names, config.network, config.training, spacing, field)
with tempfile.TemporaryDirectory() as folder:
    given = volumes, setting, learner, fwhm_mm
    proba = judged_by_networks(Path(folder), *given, n_jobs)
    seen = volumes[(slice(None), *field)]
    plain = Path(folder) / "plain" / "final"
    saliency = saliency_shift(plain, seen, setting, learner)
    looks = {NOTHING: plain, DEGRADED: Path(folder) / "degraded" / "final"}
    models = {n: load_model(of, learner.network, "cpu") for n, of in looks.items()}
    embedded = {n: pooled_features(of, seen, judged) for n, of in models.items()}
after = after_combat(features, ages, setting)
proba |= judged_by_ratios(features, after, setting, learner)

# %%
changes = bias.assign(
    text=[show.signed(*row, 2) for row in bias[["bias", "low", "high"]].to_numpy()]
)
changes = changes.pivot(index="site", columns="region", values="text")
changes = changes.reindex(sites[1:]).fillna("–")
changes.insert(0, "FWHM used, mm", [f"{fwhm_mm[n]:.1f}" for n in sites[1:]])
changes.insert(1, "estimated, mm", [f"{estimates[n]:.1f}" for n in sites[1:]])
changes["saliency, r"] = [f"{saliency.get(n, np.nan):.2f}" for n in sites[1:]]
show.table(changes.rename_axis("site").reset_index(), of_groups=True)

# %% [markdown]
# Bias of the ratios as a share, +0.10 for 10% more than at home. Where nobody was
# imaged twice there is a dash, and the correlation is of different people.
#
# ## Remedies
#
# Networks learn equally long under each. What a remedy needs from another site:

# %%
show.table(
    pd.DataFrame(NEEDS.items(), columns=["remedy", "needs"]),
    of_groups=True,
    not_people=["needs"],
)

# %% [markdown]
# *Class shares recalibrated*: the shares of a site are estimated from the
# probabilities of its other people (EM, Saerens et al. 2002) and put in by Bayes'
# rule. *Resolution matched*: all scans are smoothed to the coarsest site, and a network
# learns from such scans. *Degraded copies*: to each scan that teaches come four copies,
# coarser or finer and noisier, in ranges that were set beforehand. *Site-balanced
# training* learns from half of the other sites' own people as well and judges the other
# half; it alone reads labels of other sites. *ComBat* takes shift and scale of each
# feature from home and from the other people of the site, with age and without any
# diagnosis; a site with fewer than 20 scans stays as it is. *Radiomic features* are
# those of {doc}`radiomics`, of putamen and caudate with both sides as one region; the
# same regression judges by them as by the binding ratios.

# %%
measured = (spacing, config.radiomics.bin_width, n_jobs)
masks = {n: region_mask_on(atlas, n, affine, volumes.shape[1:]) for n in regions}
radiomics = radiomic_features(volumes, masks, setting, *measured)
left = {RATIOS: features[judged], COMBAT: after}
if radiomics.shape[1] > 1:  # not where a region of some scan has none
    after = after_combat(radiomics, ages, setting)
    left |= {RADIOMICS: radiomics[judged], RADIOMICS_COMBAT: after}
    proba |= judged_by_radiomics(radiomics, after, setting, learner)

# %%
rows = []
for (site, who), members in groups.items():
    of = {name: p[members] for name, p in proba.items()}
    people = setting.labels[judged[members]], setting.person[judged[members]]
    found = judged_table(of, *people, names, DEGRADED, n_resamples=n_resamples)
    rows.append(found.reset_index().assign(site=site, who=who))
results = pd.concat(rows, ignore_index=True)
page.write_table("devices.tsv", results)

# %% figure="fig-devices-auc"
by_group = results.assign(
    method=results["remedy"],
    diagnosis=results["site"] + "\n" + results["who"],
)
plot_interval_panels(by_group, "pairs", "mean AUC of pairs", x_min=0.4, by_method=True)

# %% [markdown]
# **Mean AUC between two diagnoses** under each remedy, by site and people, with 95%
# intervals from resampling participants. At home, where people of it are judged, they
# show what a remedy costs; in *the same people* only the device differs from that.

# %% figure="fig-devices-gain"
even = dict.fromkeys(by_group["diagnosis"], 0.0)
plot_interval_panels(
    by_group, "pairs_gain", "minus degraded", even, x_min=-0.3, by_method=True
)

# %% [markdown]
# **Difference to the network that learned from degraded copies**, in mean AUC between
# two diagnoses, of the same people: paired, with 95% intervals.
#
# In numbers:


# %%
def by_remedy(rows, remedies):
    """What is `shown` of each remedy at each site, as a table."""
    group = [title_of(*key) for key in rows[["site", "who"]].to_numpy()]
    wide = rows.assign(group=group).pivot(
        index="remedy", columns="group", values="shown"
    )
    return wide.loc[remedies, list(dict.fromkeys(group))].reset_index()


def in_numbers(value, text):
    """A column of the results as text, remedies by groups of people."""
    parts = [value, f"{value}_low", f"{value}_high"]
    shown = [text(*row) for row in results[parts].to_numpy()]
    compared = [name for name in proba if "gain" not in value or name != DEGRADED]
    return by_remedy(results.assign(shown=shown), compared)


show.table(in_numbers("pairs", show.interval), of_groups=True)

# %% [markdown]
# Mean AUC between two diagnoses, above; of one diagnosis against the rest, below.

# %%
show.table(in_numbers("rest", show.interval), of_groups=True)

# %% [markdown]
# Difference to degraded copies, mean AUC between two diagnoses, above; against the
# rest, below.

# %%
show.table(in_numbers("pairs_gain", show.signed), of_groups=True)

# %%
show.table(in_numbers("rest_gain", show.signed), of_groups=True)

# %% [markdown]
# **Calibration**: Brier score, 0 to 2, 0 is best. Where diagnoses are as common as at
# home, shares that are estimated can only do harm; elsewhere they may help.

# %%
show.table(in_numbers("brier", show.interval), of_groups=True)

# %% [markdown]
# ## Which site is still told
#
# A logistic regression guesses the site of the judged from what a remedy leaves, the
# pooled features of a network (its *embedding*) among it; mean share of each site that
# is right. Only of the same people, where there are any, for another population is
# another reason to be told. A dash: of a second site too few are judged, or none.

# %%
left |= {f"embedding, {name}": of for name, of in embedded.items()}
left |= {
    f"log probabilities, {name}": np.log(proba[name].clip(1e-9))
    for name in (NOTHING, MATCHED, DEGRADED)
}

# %%
alike = np.isin(judged, setting.lends, invert=True)
alike = alike if len(set(at[alike])) > 1 else np.ones(len(judged), bool)
part = part_of_people(setting.person[judged[alike]], N_PARTS)
told = {name: told_apart(x[alike], at[alike], part) for name, x in left.items()}
chance = 1 / len(set(at[alike]))
shown = pd.DataFrame(told.items(), columns=["left by", "right"])
shown["right"] = shown["right"].map("{:.2f}".format, na_action="ignore").fillna("–")
shown["chance"] = f"{chance:.2f}"
show.table(shown, of_groups=True)

# %% [markdown]
# ## Over seeds
#
# `benchmarks/devices.py` repeats all with other people, scans and first weights. Mean
# and range over seeds of the difference to degraded copies, mean AUC between two
# diagnoses, of the phantom study `sites`:

# %%
grouped = seeds.groupby(["site", "who", "remedy"], sort=False)["pairs_gain"]
over = grouped.agg(["mean", "min", "max"]).reset_index()
over["shown"] = [show.signed(*row) for row in over[["mean", "min", "max"]].to_numpy()]
show.table(by_remedy(over, list(dict.fromkeys(over["remedy"]))), of_groups=True)

# %% tags=["remove-input"]
Markdown(f"So far the benchmark has {n_seeds} seed{'s' * (n_seeds != 1)}.")


# %%
of_group = results.set_index(["site", "who", "remedy"]).sort_index()


def gain(key):
    """Mean AUC of pairs with degraded copies minus without, as text."""
    row = of_group.loc[(*key, NOTHING)]  # minus degraded copies
    low, high = -row["pairs_gain_high"], -row["pairs_gain_low"]
    return f"{show.signed(-row['pairs_gain'], low, high)} at {title[key]}"


# %%
lost = {key: of_group.loc[(*key, NOTHING), "pairs"] for key in groups}
first, *others = groups  # home, if people of it are judged
worst = min(others or [first], key=lost.get)
unlabelled = [name for name in proba if name not in (NOTHING, BALANCED)]
best = of_group.loc[worst]["pairs"].loc[unlabelled].idxmax()
reached = of_group.loc[(*worst, best), ["pairs", "pairs_low", "pairs_high"]]
result = (
    f"{page.where.capitalize()}, a network that learned at {chosen} has a mean AUC "
    "between two diagnoses of "
    + ", ".join(f"{value:.3f} at {title[key]}" for key, value in lost.items())
    + f". Learning from degraded copies as well changes this by {gain(worst)}"
    f"{f', where least was left, and by {gain(first)}' if others else ''} (95%). Of "
    f"the remedies without labels, {best} reach most there, {show.interval(*reached)}."
)

# %%
seeded = over.set_index(["site", "who", "remedy"])[["mean", "min", "max"]].sort_index()
if (*worst, NOTHING) in seeded.index:
    middle, low, high = seeded.loc[(*worst, NOTHING)]  # minus degraded copies
    top = seeded.loc[worst]["mean"].loc[unlabelled].idxmax()
    result += (
        f" Over {n_seeds} seeds of the phantom study `sites`, degraded copies change "
        f"it at {title[worst]} by {show.signed(-middle, -high, -low)} (mean and range)"
    )
    if top != DEGRADED:
        more = show.signed(*seeded.loc[(*worst, top)])
        result += f"; {top} differ from them by {more}"
    result += "."

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. How sure it is, and what it does not show:
#
# - Intervals are over the people who are judged; what other first weights and other
#   people to learn from would change is in the range over seeds.
# - Devices of a phantom differ in resolution, noise, filter and a smooth error of the
#   corrections. Real ones differ in more, so a remedy may do less than here.
# - Recalibrated shares take whatever makes scans look like another diagnosis for a
#   difference of the populations; ComBat takes a difference of the populations for one
#   of the devices. Which it is, no unlabelled scan says.

# %%
numbers = {
    "home": chosen,
    "results": results.to_dict("records"),
    "fwhm_mm": fwhm_mm,
    "fwhm_estimated_mm": estimates,
    "ratio_bias": bias.to_dict("records"),
    "saliency_r": saliency,
    "site_told": told | {"chance": chance},
    "seeds": n_seeds,
}
page.close(numbers, result=result)
