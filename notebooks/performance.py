# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [data_manifest/performance.json]
#     settings: []
#     threads: 1
# ---

# %% [markdown]
# # How fast it is
#
# Seconds say little: they change with the machine, and on a shared one from hour to
# hour. So each part of a study is set against something that ran minutes before it, a
# product of two matrices or the same work on fewer scans. The ratios below come from
# one run of `make bench` and travel with the project. The paper gives no times.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own

# %% tags=["setup"]
import json

import pandas as pd
from IPython.display import Markdown

from datnet_study import open_page, show
from datnet_study.figures import plot_costs

page = open_page("performance", study, into)

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## The machine
#
# What the numbers were measured on, once, with nothing else running. They are not of
# the machine that made the other pages of this book.

# %%
record = json.loads(page.path("data_manifest/performance.json").read_text())
rows = pd.DataFrame(record["rows"])
machine = record["machine"]
packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
about = {
    "processor": f"{machine['processor']}, {machine['cores']} cores",
    "memory": f"{machine['memory_gb']} GB",
    "Python": f"{machine['python']}; {packages}",
    "commit of the code": record["commit"],
    "minutes for all of it": f"{record['seconds'] / 60:.1f}",
}
about = pd.DataFrame(about.items(), columns=["", "measured on"])
show.table(about, of_groups=True, not_people=list(about))

# %% [markdown]
# ## Training
#
# One step on one scan: forward pass, backward pass, new weights. The default recipe
# sees a box of 4 mm voxels; the published one sees whole heads at 2 mm; beside them
# stands a network of a widely used library with its defaults.

# %% figure="fig-performance-training"
value = rows.set_index("id")["value"]
titles = rows.set_index("id")["what"]
recipes = [name.split(".")[1] for name in value.index if name.endswith(".rate")]
recipes = [name for name in recipes if f"step.{name}.ms" in value]
steps = pd.DataFrame(
    {
        "title": [titles[f"step.{name}.ms"] for name in recipes],
        "ms": [value[f"step.{name}.ms"] for name in recipes],
        "rate": [value[f"step.{name}.rate"] for name in recipes],
    }
)
plot_costs(steps)

# %% [markdown]
# **Time of a training step for one scan**, on a logarithmic axis, and the rate at
# which it computes, in percent of that of a product of two large matrices on the same
# cores. A rate far below 100% means that time goes into moving numbers, not into
# computing with them: feature maps that are read and written, and convolutions with
# few channels.
#
# ## All parts
#
# What was measured, in the words of the scripts in `benchmarks/`:


# %%
def shown(value):
    """Three digits, without an exponent where that can be read."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


table = rows.assign(value=[f"{shown(r.value)} {r.unit}" for r in rows.itertuples()])
shown = table[["part", "what", "value"]]
show.table(shown, of_groups=True, not_people=list(shown))

# %% [markdown]
# *Whole fit*: what a fit does beside its training steps (imports, reading, writing), in
# a process forked from one that has imported the libraries, and in one of its own.
# *Full gradients*: a map against one forward and one backward pass of the same scans.
# *Growth*: whole studies with their books on an 8 mm grid with short training, so that
# what grows with the scans is seen.

# %%
result = (
    f"On {machine['cores']} cores, a training step of the default recipe takes "
    f"{value['step.default.ms']:.1f} ms a scan at {value['step.default.rate']:.0f}% of "
    "the rate of a matrix product; MONAI's resnet18 takes "
    f"{value['step.resnet18.times']:.0f} times as long on whole heads at 2 mm. "
    f"A fit starts in {value['fit.warm']:.1f} s, a saliency map costs "
    f"{value['maps.field.passes']:.1f} forward and backward passes, and "
    f"{value['growth.people']:.1f} times as many participants take "
    f"{value['growth.study']:.1f} times as long. Each number is from one run."
)

# %% [markdown]
# ## Summary
#
# The result stands below in words. How sure it is, and what it does not show:
#
# - Each time is the best or the middle one of several where that is cheap, and a
#   single one elsewhere.
#   On a busy machine the ratios hold better than the seconds, not exactly.
# - Recipes that see more voxels are slower for that reason; no more is meant.
# - There was no GPU.

# %% tags=["remove-input"]
Markdown(result)

# %%
page.close({"measured": value.to_dict(), "machine": machine}, result=result)
