# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [cross_validation.json, blind_test.json, saliency.json, circularity.json,
#       fusion.json, claims.json, claims.tsv, truth*.json]
#     settings: [control, diagnoses]
#     threads: 1
# ---

# %% [markdown]
# # The study on one page
#
# Parkinson's disease, multiple system atrophy and progressive supranuclear palsy look
# alike at first, and a scan of the dopamine transporter shows a loss in all of them.
# {cite:t}`zhao2022` trained a neural network to tell them apart on such scans, and
# measured the regions it looks at. This book does the same again, in the open: can the
# network do it, better than what is in use, and can one be sure?

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import html

import pandas as pd
from IPython.display import Markdown

from datnet_study import (
    auc_ladder,
    claims_view,
    n_alike,
    open_page,
    show,
    verdicts_in_words,
)
from datnet_study.figures import plot_key_figure
from datnet_study.titles import MEASURED, NETWORK, ORACLE, UNEVEN

page = open_page("summary", study, into)
config = page.settings

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## The key figure
#
# Each classifier says which of the first two groups a scan belongs to; it has never
# seen the scan, nor its label.

# %%
a, b = config.compared[:2]
sources = ["cross_validation"]
if page.phantom:  # where more classifiers are compared, and the best possible one
    sources = ["truth", *sources]
stored = [
    page.result(source)["numbers"].get(kind, {})
    for source in sources
    for kind in ("pairwise", "auc")
]
ladder = next(found for p in stored if len(found := auc_ladder(p, a, b)))

# %% figure="fig-summary-key"
plot_key_figure(ladder, NETWORK, f"AUC, {a} against {b} (95% interval)")

# %% [markdown]
# **How well the first two patient groups are told apart**, by AUC: 0.5 is guessing, 1
# is without error; filled, cross-validation, hollow, the blind test. In blue the
# network; grey what it has to beat: classifiers on
# {term}`binding ratios <binding ratio>`, which are in use today, without and with the
# difference between the sides; *of more regions*, with the parts of the putamen and the
# midbrain; *for age*, in SD of the controls of that age. A phantom has more rows.
# *Told the regions* is a regression that need not find the regions of the phantom. Wine
# are those that judge the image and know, or have seen in more scans than anybody has,
# how the phantom is made. Black is the best possible classifier ({term}`oracle`) that
# is told the true binding: no reader of a scan can get there. The numbers are the AUCs.

# %% tags=["remove-input"]
parts = ("putamen_anterior", "putamen_posterior", "caudate")
text = ""
if page.phantom:
    put_in = page.result("truth")["numbers"]["put_in"]
    losses = [[put_in[name]["loss"].get(part, 0) for part in parts] for name in (a, b)]
    apart = max(abs(x - y) for x, y in zip(*losses, strict=True))
    uneven = [f"{put_in[name]['asymmetry']:.1%} in {name}" for name in (a, b)]
    text = (
        "The phantom is given a difference between the sides of "
        f"{' and '.join(uneven)} in the mean, and losses in putamen and caudate that "
        f"differ by at most {100 * apart:.0f} percentage points between the two. So "
        "how much ratios gain by looking at the sides was put in, and not varied."
    )
Markdown(text) if text else None

# %% [markdown]
# ## Five questions, five answers
#
# Each answer is the first sentence of the result of a page, which has the rest.

# %%
values = ladder[ladder["cohort"] == "cross-validation"].set_index("method")
reached = {
    name: show.interval(*values.loc[name, ["auc", "low", "high"]], 2)
    for name in values.index
}
headline = (
    f"{a} against {b} {page.where}: in scans that it never saw (cross-validation), the "
    f"network has an AUC of {reached[NETWORK]}"
)

# %%
if UNEVEN in reached:
    gains = page.result("cross_validation")["numbers"]["network_minus"]
    gain = pd.Series(gains[f"{UNEVEN}.{a} against {b}"], dtype=float)
    gain = gain[["difference", "low", "high"]]
    words = show.direction(
        *gain[1:],
        more="so the network is better",
        less="so the network is worse",
        even="so the network is not shown to be better or worse",
    )
    headline += f"; {UNEVEN} have {reached[UNEVEN]}, {words}: "
    headline += f"difference {show.signed(*gain)}"
headline += "."

# %%
limits = {
    ORACLE: "A classifier that is told the true binding, which no scan shows, has",
    MEASURED: "one that knows how the phantom is made and sees the region means of the "
    "image,",
}
limits = [
    f"{words} {reached[name]}" for name, words in limits.items() if name in reached
]
if limits:
    headline += f" {'; '.join(limits)}."

# %%
asked = {
    "Does it hold in people whom no model has seen?": "blind_test",
    "Where does the network look?": "saliency",
    "Do the regions that it finds tell more than the putamen?": "circularity",
    "Do age and clinical scores add anything?": "fusion",
}
told = f"Are {a} and {b} told apart?", headline, "cross_validation"
answers = [told]
for question, at in asked.items():
    answers.append((question, show.first_sentence(page.result(at)["result"]), at))
items = [
    f"<li><strong>{html.escape(question)}</strong> {html.escape(answer)} "
    f'<a href="{at}.html">{at.replace("_", " ")}</a></li>'
    for question, answer, at in answers
]
show.markup(f"<ol class='answers'>{''.join(items)}</ol>", sentences=True)

# %% [markdown]
# :::{admonition} What this means for my clinic
# **Nothing yet.** The first box says whose scans these are. Those of a phantom say
# nothing about patients, and one cohort is too few to decide about a person. This is
# research software and no medical device; it must not be used for diagnosis. Before
# such a network helps at the camera, it has to be shown in patients
#
# - of several centres and cameras, none of which the network has seen,
# - whose diagnosis is known from years of follow-up or from pathology, and not from
#   the scan,
# - that it does better than striatal ratios with their asymmetry, and than an
#   experienced reader,
# - that its probabilities are right where other diagnoses are common,
# - and that knowing them changes a treatment for the better.
# :::
#
# ## The paper's eight main claims
#
# A verdict compares this study's people with those of the paper, by a rule that
# {doc}`claims` explains; the {doc}`page <claims>` has all claims.

# %%
main = (
    "cv.auc.ipd", "cv.auc.msa", "blind.accuracy", "blind.vs_br", "saliency.regions",
    "dlbr.ipd_msa", "radiomics.gain", "fusion.accuracy",
)  # fmt: skip
claims = pd.read_csv(
    page.path("claims.tsv"), sep="\t", dtype=str, keep_default_na=False
)
rows = claims.set_index("id").loc[list(main)].reset_index()
empty = [name for name in ("ceiling", "null") if not claims[name].any()]
show.markup(claims_view(rows.drop(columns=empty), "The main claims of the paper"))

# %% [markdown]
# *Limit* is what a classifier reaches that is told the true binding of a phantom, which
# no scan shows; *study null* has the verdict where the patient groups do not differ, if
# that study has run.

# %% [markdown]
# ## The figures of the paper
#
# | Figure of the paper | Its page here |
# |---|---|
# | Fig. 1, participants | {doc}`cohorts`; how many they were: {doc}`cohort_sizes` |
# | Fig. 2, network and training | {doc}`training` |
# | Fig. 3, ROC curves and rates | {doc}`cross_validation` and {doc}`blind_test` |
# | Fig. 4, against binding ratios, first and second scans | {doc}`blind_test` |
# | Fig. 5, saliency maps | {doc}`saliency` and {doc}`saliency_sanity` |
# | Fig. 6, binding ratios | {doc}`binding_ratio` and {doc}`circularity` |
# | Fig. 6 and 7, the region of the network | {doc}`salient_region` |
# | Fig. 7, radiomics | {doc}`radiomics` |
# | Fig. 8, fusion with clinical data | {doc}`fusion` |
# | all numbers of abstract and text | {doc}`claims` |
#
# What the book is, and which question is answered where, says {doc}`../intro`; what the
# paper leaves open, {doc}`../open_points`.

# %% [markdown]
# ## Summary
#
# Every sentence and number on this page comes from the result files of the pages that
# it names, of the same run. The intervals take the trained networks as given. A
# verdict says that two sets of numbers are alike, not that a claim about patients is
# true.

# %%
compared = page.result("claims")["numbers"]
told = verdicts_in_words(compared["verdicts"], compared["n_claims"], page.where)
result = f"{headline} {told}"
if compared["null"]:
    same = n_alike(compared["null"])
    result += f" Where the patient groups do not differ, {same} claims are alike."
numbers = {
    "pair": [a, b],
    "ladder": ladder.to_dict("records"),
    "verdicts": dict(zip(rows["id"], rows["verdict"], strict=True)),
}
page.close(numbers, {}, result)
