# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [quality.tsv, scans.tsv, predictions/blind_test.tsv,
#       blind_test.json, calibration.json, claims.json, cohorts.json,
#       cross_validation.json, devices.json, external.json, fusion.json, phantom*.json,
#       quality.json, radiomics.json, saliency_sanity.json, salient_region.json,
#       scan_report.json, summary.json, training.json, data_manifest/reporting.tsv,
#       data_manifest/phantom_card.md]
#     writes:
#       aggregates: [reporting.tsv]
#     settings: [control, decisions, diagnoses, fusion, images, network, radiomics,
#       saliency, split, training]
#     threads: 1
# ---

# %% [markdown]
# # What is reported, and what is not
#
# Four guidelines say what an article on such a classifier has to tell: TRIPOD+AI
# {cite}`collins2024` for prediction models, STARD-AI {cite}`sounderajah2025` for
# diagnostic tests, CLEAR {cite}`kocak2023` for radiomics, and CLAIM 2024
# {cite}`tejani2024` for networks on medical images. This page goes through them item by
# item: where the book answers, and what nobody has answered. It has no counterpart in
# the paper, and it judges how complete a report is, not how good a study.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import re

from IPython.display import Markdown

from datnet_study import (
    flow_counts,
    items_counted,
    items_in_words,
    items_view,
    methods_text,
    of_study,
    open_page,
    pages_named,
    pairs_of,
    performance_of_parts,
    read_checklists,
    refuse_dead_keys,
    right_decisions,
    show,
    subgroup_table,
    subgroups_of,
    visits,
)
from datnet_study.figures import plot_items, plot_test_flow

page = open_page("reporting", study, into)
config = page.settings

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## What is reported
#
# The items stand in `data_manifest/reporting.tsv`, in short words of our own; the
# number of an item leads to where its text was read. *Reported* and *partly* name a
# place of the book, or a number in the results of a page; if it is not there, this page
# or the book fails. *Unverified* is an item whose text could not be read.

# %%
listed = read_checklists(page.path("data_manifest/reporting.tsv"))
every = of_study(listed, page.phantom, {})
named = [name for name in pages_named(every.to_dict("records")) if name != page.name]
results = {name: page.result(name) for name in named}
ended = {name: made["without"] for name, made in results.items() if "without" in made}
items = of_study(listed, page.phantom, ended)
refuse_dead_keys(items, results)
page.write_table("reporting.tsv", items)
counted = items_counted(items)

# %% figure="fig-reporting-items"
plot_items(counted)

# %% [markdown]
# **Items of each guideline by what the book says of them.** Blue is reported, light
# blue partly, orange missing; grey does not apply. Of a phantom nobody was recruited,
# examined or treated, so what asks about that does not apply; in a study of people the
# same items are missing until whoever has the scans adds them to the article. What asks
# about other sites does not apply, either, where there are none.
#
# ## TRIPOD+AI

# %% tags=["remove-input"]
of = dict(list(items.groupby("guideline", sort=False)))
show.markup(items_view(of["TRIPOD+AI"]))

# %% [markdown]
# Twenty-seven items, some in several parts. *What is lacking* is, where it is people's
# own to say, what they have to report.
#
# ## STARD-AI

# %% tags=["remove-input"]
show.markup(items_view(of["STARD-AI"]))

# %% [markdown]
# Forty items, five of them in parts.
#
# ## CLEAR

# %% tags=["remove-input"]
show.markup(items_view(of["CLEAR"]))

# %% [markdown]
# The radiomics of this study are tested one by one; only the page {doc}`devices` makes
# a model of them, where there are several sites. What CLEAR asks about a model is
# answered for the network.
#
# ## CLAIM 2024

# %% tags=["remove-input"]
show.markup(items_view(of["CLAIM 2024"]))

# %% [markdown]
# PROBAST+AI asks how far the results of such a study may be biased. Its licence does
# not let us work through it here: <https://doi.org/10.1136/bmj-2024-082505>.
#
# ## Flow of participants
#
# From the table of scans to a verdict on each participant of the blind test, as STARD
# draws it. The index test is the network, and says the most probable diagnosis at the
# first scan; the reference standard is the label in the table.

# %%
scans = page.scans()
predictions = page.table("predictions/blind_test.tsv")
judged = predictions[visits(predictions)["all"]]
flow = flow_counts(page.table("quality.tsv"), scans, judged, config.diagnoses)

# %% figure="fig-reporting-flow"
plot_test_flow(flow)

# %% [markdown]
# **Flow of participants.** To the right, scans that the check of their quality left
# out, by what decided ({doc}`quality`); a participant stays as long as one scan does.
# Below the cohorts, what the network says of the blind test, and under it the labels of
# those of whom it says so.
#
# ## Performance by subgroup
#
# Accuracy in parts of the blind test with its interval (95%, Wilson), and the AUC
# between the first two patient groups (DeLong), one scan per participant. No number is
# given for fewer than twenty people.

# %%
pair = next(iter(pairs_of(config.compared, judged["diagnosis"])), None)
keys = ["participant_id", "session_id"]
people = judged[keys].merge(scans, on=keys, how="left", validate="1:1")
right = right_decisions(judged, config.diagnoses) if len(judged) else []
parts = subgroups_of(people) if len(judged) else {}
by_part = subgroup_table(judged, right, parts, config.diagnoses, pair)

# %%
nothing = Markdown("There is no blind test, or nothing in its table divides it.")
performance_of_parts(by_part, pair) if len(by_part) else nothing

# %% [markdown]
# Thirds of age are those of the people of the blind test. These parts were not planned
# with a size in mind: intervals that do not overlap are a hint and no proof, and those
# that do overlap prove nothing, either. A difference can come from the mix of diagnoses
# in a part. Nothing else that divides people, such as origin or income, is in the
# table.
#
# ## Methods to copy
#
# The settings of this study in sentences, for the methods section of an article. They
# change with the study file; {doc}`../methods` explains and cites.

# %%
choices = {
    "phantom": page.phantom,
    "diagnoses": config.diagnoses,
    "control": config.control,
    "split": config.split,
    "images": config.images,
    "network": config.network,
    "training": config.training,
    "decisions": config.decisions,
    "saliency": config.saliency,
    "radiomics": config.radiomics,
    "fusion": config.fusion,
}
paragraphs = methods_text(choices)

# %% tags=["remove-input"]
show.markup("".join(f"<p>{text}</p>" for text in paragraphs))

# %% [markdown]
# How many networks learned, for how long and on which machine is on {doc}`training`.
#
# ## Data card
#
# Data and models have cards of one form: what it is, what it is for, what it was made
# from, how sure it is, what it was never tried on, and which files it has. `make
# package` writes the card of a model, and the weights from simulated people have one in
# `data_manifest/simulated/`.

# %% tags=["remove-input"]
card = page.path("data_manifest/phantom_card.md").read_text(encoding="utf-8")
in_bold = re.sub(r"^#+ (.+)$", r"**\1**", card, flags=re.MULTILINE)
own = "Whoever has these scans writes their card, under the same headings."
Markdown(in_bold if page.phantom else own)

# %%
known = by_part[by_part["accuracy"].notna()]
sentences = [items_in_words(of[name]) for name in counted.index]
result = f"Reported {page.where} are {'; '.join(sentences)}."

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. What it does not show:
#
# - Whether the statuses are right is a reading by those who wrote the pages. Programs
#   check that a place is there, not that it says what it should.
# - The texts of the items were read in the places that the tables link to. CLEAR and
#   CLAIM 2024 are from their authors' own pages; TRIPOD+AI and STARD-AI from copies.
# - A complete report can be one of a poor study.

# %%
numbers = {
    "items": counted.to_dict("index"),
    "subgroups": known.to_dict("records"),
    "methods": paragraphs,
}
page.close(numbers, result=result)
