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
# its 95% interval, what the best possible classifier of a phantom reaches, what comes
# out where there is nothing to find, and a verdict in words by a fixed rule.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import pandas as pd
from IPython.display import Markdown, display

from datnet_study import (
    above_ceiling,
    ceilings,
    claims_view,
    compare,
    counts,
    open_page,
    read_claims,
    rules_view,
    show,
)

page = open_page("claims", study, into)
config = page.settings
pages = (
    "cross_validation", "blind_test", "saliency", "binding_ratio", "radiomics", "fusion"
)  # fmt: skip

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# A verdict compares two sets of people. On a phantom, "agrees" means that the phantom
# and the patients of the paper gave similar numbers, not that the claim about patients
# is confirmed.
#
# ## The rule
#
# A *number* is judged by the difference, ours minus the paper's, and its 95% interval.
# The interval counts the sampling error of both: ours, and the paper's own, from its
# counts ({term}`Wilson interval`; {cite:t}`hanley1982` for an AUC), put together as in
# {cite:t}`newcombe1998` and {cite:t}`zou2008`. A wide interval never makes a number
# agree: as in a test of {term}`equivalence` {cite}`schuirmann1987`, the whole of it has
# to lie within the margin.

# %%
known = read_claims(page.path("data_manifest/claims.tsv"))
results = [page.result(name) for name in pages]
compared = compare(known, results, config.diagnoses).assign(function=known["function"])
counted = counts(compared)
show.markup(rules_view(counted))

# %% [markdown]
# Behind each verdict stands the number of claims that have it here. *Sensitivity and
# specificity* of a diagnosis come from one cutoff, which buys one with the other, so
# they are judged as a pair and have one verdict: both have to agree, or their sum (the
# {term}`Youden index`) is higher or lower. "n.s." and "no difference" agree easily with
# few participants, and an order of two AUCs by the toss of a coin: what they are worth
# is seen in the column of the study *null*.
#
# ## The best that could be reached
#
# On a phantom the {term}`oracle` knows how the scans were made, and no classifier does
# better in the long run: its AUC, its accuracy, and its sum of sensitivity and
# specificity at the Youden cutoff are a ceiling, while one rate alone can be bought
# with the other. Where the paper lies above it, "lower than the paper" says something
# about the phantom and nothing about the method.

# %%
best = {}
if page.phantom:
    oracle = page.table("predictions/oracle.tsv")
    best = ceilings(oracle, config.diagnoses, config.decisions)
above = above_ceiling(known, best, config.decisions)
limit = (
    f"The paper lies above the ceiling in {sum(above.values())} of the {len(above)} "
    "AUCs, accuracies, and sums of sensitivity and specificity that have one."
)
if not page.phantom:
    limit = "The scans of this study are no phantom: nobody knows their ceiling."
Markdown(limit)

# %% [markdown]
# ## What comes out where there is nothing to find
#
# In the study *null*, the patient groups of the phantom do not differ (its controls
# do). A claim on them that agrees there too is no sign that anything was found.

# %%
of_null = [page.null(name) for name in pages]
is_null, has_null = results[0]["study"] == "null", all(of_null)
compared["null"] = compared["null_verdict"] = ""
if has_null:
    there = compare(known, of_null, of_null[0]["made_from"]["settings"]["diagnoses"])
    compared["null"], compared["null_verdict"] = there["ours"], there["verdict"]
agree = compared["verdict"] == "agrees"
agree_there = compared["null_verdict"] == "agrees"

# %%
besides = (
    "How many agree where there is nothing to find is not known yet: it takes the "
    "study null (make study STUDY=null), then this one again."
)
if is_null:
    besides = "This is the study null, in which the patient groups do not differ."
elif has_null:
    both = (agree & agree_there).sum()
    besides = (
        "In the study null, where the patient groups do not differ, "
        f"{agree_there.sum()} agree; of those that agree here, {both} agree there too."
    )
Markdown(besides)

# %% [markdown]
# ## All claims
#
# A claim leads to the cell of its page that makes our number, and below it to the
# function behind. In brackets stand 95% intervals; those of the paper are ours, from
# its counts.

# %%
compared["ceiling"] = ""
if page.phantom:
    compared["ceiling"] = [
        f"{best[name]:.3f}" if name in best else f"– ({why or 'no such scans here'})"
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
others = ", ".join(f"{v}: {n}" for v, n in counted.items() if n and v != "agrees")
result = f"{agree.sum()} of the {len(known)} claims of the paper agree {page.where}"
result += f" ({others}). {besides}"
if above:
    result += f" {limit}"

# %%
numbers = {
    "verdicts": counted.to_dict(),
    "n_claims": len(known),
    "null": counts(there).to_dict() if has_null else None,
    "agree_here_and_on_null": int(both) if has_null else None,
    "ceiling": {name: best[name] for name in known["id"] if name in best},
}
page.close(numbers, {}, result)
