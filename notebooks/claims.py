# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [cohorts.json, training.json, cross_validation.json, blind_test.json,
#       saliency.json, binding_ratio.json, radiomics.json, fusion.json,
#       data_manifest/claims.tsv]
#     writes:
#       aggregates: [claims.tsv]
#     settings: [diagnoses]
#     threads: 1
# ---

# %% [markdown]
# # Every claim of the paper
#
# One row per number or statement of the paper: its value, this study's value with
# its 95% interval, and a verdict in words. The rules are fixed: a number *agrees*
# when this study's interval covers the paper's value; words agree when they are the
# same.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
from datnet_study import compare, counts, open_page, read_claims, show

page = open_page("claims", study, into)
config = page.settings
pages = (
    "cohorts", "training", "cross_validation", "blind_test",
    "saliency", "binding_ratio", "radiomics", "fusion",
)  # fmt: skip

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# A verdict compares two sets of numbers. On a phantom, "agrees" means that the
# phantom and the patients of the paper gave similar numbers, not that the claim
# about patients is confirmed. A wide interval agrees easily, and so do "n.s." and
# "no difference" with few participants. A value without an interval is only
# reported; and in a study that has not all of IPD, MSA and PSP, so is whatever is not
# about a pair of them, for its patients are other ones. Where a study has these
# diagnoses under other names, `values` of the study file gives them these.

# %%
known = read_claims(page.path("data_manifest/claims.tsv"))
results = [page.result(name) for name in pages]
compared = compare(known, results, config.diagnoses)
page.write_table("claims.tsv", compared)

# %%
counted = counts(compared)
show.table(counted.rename_axis("verdict").reset_index())

# %%
linked = compared.assign(
    page=compared["section"].str.replace("_", " "),
    quantity=[
        f'<a href="{page_name}.html#claim-{claim}">{quantity}</a>'
        for claim, page_name, quantity in compared[["id", "section", "quantity"]].values
    ],
)
show.table(linked[["page", "quantity", "group", "paper", "ours", "verdict"]])

# %% [markdown]
# Each quantity leads to the cell that makes its number.

# %% [markdown]
# ## Summary
#
# - Every row comes from the result files of the pages; none was typed in.
# - "Not computed here" marks what this study has no value for; in brackets stands what
#   is missing.

# %%
verdicts = ", ".join(f"{verdict}: {n}" for verdict, n in counted.items() if n)
result = (
    f"Verdicts on the {len(compared)} claims of the paper {page.where}: {verdicts}."
)
page.close({"verdicts": counted.to_dict(), "n_claims": len(compared)}, {}, result)
