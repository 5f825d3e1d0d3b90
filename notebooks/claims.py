# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [cross_validation.json, blind_test.json, saliency.json, binding_ratio.json,
#       radiomics.json, fusion.json, external.json, predictions/oracle*.tsv,
#       data_manifest/claims.tsv,
#       null/cross_validation.json, null/blind_test.json, null/saliency.json,
#       null/binding_ratio.json, null/radiomics.json, null/fusion.json]
#     writes:
#       aggregates: [claims.tsv]
#     settings: [diagnoses, decisions]
#     threads: 1
# ---

# %% [markdown]
# # Every claim of the paper
#
# One row per number or statement of the paper: its value, this study's value with
# its 95% interval, what a classifier reaches that is told the true binding of a
# phantom, what comes out where there is nothing to find, and a verdict by a fixed rule.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import pandas as pd
from IPython.display import Markdown, display

from datnet_study import (
    ALIKE,
    ceilings,
    claims_view,
    compare,
    counts,
    limits,
    n_alike,
    open_page,
    read_claims,
    rules_view,
    show,
    verdicts_in_words,
)

page = open_page("claims", study, into)
config = page.settings
pages = (
    "cross_validation", "blind_test", "saliency", "binding_ratio", "radiomics", "fusion"
)  # fmt: skip

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# A verdict compares two sets of people. On a phantom, alike means that the phantom and
# the patients of the paper gave similar numbers or the same words, not that the claim
# about patients is confirmed.
#
# ## The rule
#
# A *number* is judged by the difference, ours minus the paper's, and its 95% interval.
# The interval counts the sampling error of both: ours, and the paper's own, from its
# counts ({term}`Wilson interval`; {cite:t}`hanley1982` for an AUC), put together as in
# {cite:t}`newcombe1998` and {cite:t}`zou2008`. A wide interval never makes two numbers
# close: as in a test of {term}`equivalence` {cite}`schuirmann1987`, the whole of it has
# to lie within the margin. Close is not equal: a number within 0.1 of the paper can be
# lower than it beyond chance, which the column of the difference shows.

# %%
known = read_claims(page.path("data_manifest/claims.tsv"))
results = [page.result(name) for name in pages]
compared = compare(known, results, config.diagnoses).assign(function=known["function"])
counted = counts(compared)
show.markup(rules_view(counted))

# %% [markdown]
# Behind each verdict stands the number of claims that have it here. *Sensitivity and
# specificity* of a diagnosis come from one cutoff, which buys one with the other, so
# they are judged as a pair, have one verdict and are counted once: both have to be
# close, or their sum (the {term}`Youden index`) is higher or lower; a rate that is
# higher alone may stand in a pair that is lower. "n.s." and "no difference" agree
# easily with few participants, and an order of two AUCs by the toss of a coin: what
# they are worth is seen in the column of the study *null*.
#
# ## The best that could be reached
#
# On a phantom the {term}`oracle` is told the true binding, which no scan shows, and no
# classifier does better in the long run: its AUC, its accuracy, and its sum of
# sensitivity and specificity at the Youden cutoff are a limit, while one rate alone is
# none, as it can be bought with the other. Where the paper lies above the limit, the
# phantom is harder than the paper's scans, or the paper was lucky: a number here can be
# low for that reason as well as for the images or the method. What this study lacks to
# the limit was, but for chance, lost by the images or the method. *Within error*
# stands where the 95% interval of paper minus limit, from the people of both, contains
# 0 or is unknown.

# %%
best = {}
if page.phantom:
    oracle = page.table("predictions/oracle.tsv")
    best = ceilings(oracle, config.diagnoses, config.decisions)
found = limits(known, best, config.decisions)
above = [
    f"{row.what} {row.paper:.3f} against {row.limit:.3f}"
    + ("" if row.low > 0 else " (within error)")
    for row in found[found["difference"] > 0].itertuples()
]
limit = (
    f"The paper lies above the limit set by the true binding in {len(above) or 'none'} "
    f"of the {len(found)} numbers that have one{': ' * bool(above)}{'; '.join(above)}."
)
if not page.phantom:
    limit = "The scans of this study are no phantom: nobody knows their limit."
Markdown(limit)

# %% [markdown]
# ## What comes out where there is nothing to find
#
# In the study *null*, the patient groups of the phantom do not differ (its controls
# do). A claim on them that comes out alike there too is no sign that anything was
# found.

# %%
of_null = [page.null(name) for name in pages]
is_null, has_null = results[0]["study"] == "null", all(of_null)
compared["null"] = compared["null_verdict"] = ""
if has_null:
    there = compare(known, of_null, of_null[0]["made_from"]["settings"]["diagnoses"])
    compared["null"], compared["null_verdict"] = there["ours"], there["verdict"]
both = n_alike(counts(compared[compared["null_verdict"].isin(ALIKE)]))

# %%
besides = (
    "How many are alike where there is nothing to find is not known yet: it takes the "
    "study null (make study STUDY=null), then this one again."
)
if is_null:
    besides = "This is the study null, in which the patient groups do not differ."
elif has_null:
    besides = (
        "In the study null, where the patient groups do not differ, "
        f"{n_alike(counts(there))} claims are alike; of those that are alike here, "
        f"{both} claims are alike there too."
    )
Markdown(besides)

# %% [markdown]
# ## All claims
#
# A claim leads to the cell of its page that makes our number, and below it to the
# function behind. In brackets stand 95% intervals; those of the paper are ours, from
# its counts. The limit of a pair, the sum of both rates, stands beside the sensitivity;
# "–" is where one number alone has no limit.

# %%
compared["ceiling"] = ""
if page.phantom:
    reached = {name: f"{value:.3f}" for name, value in found["limit"].items()}
    reached |= {
        name: f"{text} (pair)" for name, text in reached.items() if ".sens." in name
    }
    reached = dict.fromkeys(best, "–") | reached
    compared["ceiling"] = [
        reached.get(name, f"– ({why or 'no such scans here'})")
        for name, why in known[["id", "no_ceiling"]].to_numpy()
    ]
page.write_table("claims.tsv", compared)
empty = [name for name in ("ceiling", "null") if not compared[name].any()]
show.markup(claims_view(compared.drop(columns=empty), "The claims of the paper"))

# %% [markdown]
# ## In another hospital
#
# The paper has one hospital and claims nothing about another, so what comes out at
# sites that a study keeps for tests has no verdict; it stands beside the numbers of the
# paper's own hospital ({doc}`external`).

# %%
outside = page.result("external")["numbers"].get("beside_paper", [])
nowhere = Markdown("No site of this study is for tests only (`sites`).")
elsewhere = pd.DataFrame(outside)
kept = list(elsewhere)
display(show.table(elsewhere, of_groups=True, not_people=kept) if outside else nowhere)

# %% [markdown]
# ## Summary
#
# - Every row comes from the result files of the pages; none was typed in.
# - The verdicts do not allow for there being many of them: of numbers that are truly
#   the same, up to one in twenty looks different.
# - The intervals take the networks as given, and DeLong's is too narrow close to 1.
# - In a study that has not all of IPD, MSA and PSP, what is not about a pair of them is
#   "reported", for its patients are other ones. Where a study has these diagnoses under
#   other names, `values` of the study file gives them these.

# %%
result = f"{verdicts_in_words(counted, len(known), page.where)} {besides}"
if len(found):
    result += f" {limit}"

# %%
numbers = {
    "verdicts": counted.to_dict(),
    "n_claims": len(known),
    "null": counts(there).to_dict() if has_null else None,
    "agree_here_and_on_null": both if has_null else None,
    "ceiling": found["limit"].to_dict(),
}
page.close(numbers, {}, result)
