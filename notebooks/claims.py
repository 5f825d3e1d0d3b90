# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
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

# %%
from datnet_study import compare, counts, page, read_claims, read_study, show

config = read_study(study)
pages = (
    "cohorts", "training", "cross_validation", "blind_test",
    "saliency", "binding_ratio", "radiomics", "fusion",
)  # fmt: skip

# %% tags=["remove-input"]
show.notice(config)

# %% [markdown]
# A verdict compares two sets of numbers. On a phantom, "agrees" means that the
# phantom and the patients of the paper gave similar numbers, not that the claim
# about patients is confirmed. A wide interval agrees easily, and so do "n.s." and
# "no difference" with few participants. A value without an interval is only
# reported.

# %%
known = read_claims(config.data_manifest / "claims.tsv")
results = [page.read_result(config, name) for name in pages]
compared = compare(known, results)
page.write_table(config, "claims.tsv", compared)

# %% tags=["hide-input"]
counted = counts(compared)
show.table(counted.rename_axis("verdict").reset_index())

# %% tags=["hide-input"]
shown = compared.assign(page=compared["section"].str.replace("_", " "))
show.table(shown[["page", "quantity", "group", "paper", "ours", "verdict"]])

# %% [markdown]
# ## Summary
#
# - Every row comes from the result files of the pages; none was typed in.
# - "Not computed here" marks what this study has no value for.

# %%
page.write_result(
    config, "claims", {"verdicts": counted.to_dict(), "n_claims": len(compared)}, {}
)
