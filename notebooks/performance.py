# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [data_manifest/performance.json, data_manifest/job_costs.tsv,
#       data_manifest/study_sizes.tsv]
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

import numpy as np
import pandas as pd
from IPython.display import Markdown

from datnet_study import on_line, open_page, read_measured, show
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
#
# ## With more scans
#
# Whole studies of phantoms with their real grid and training, on two cores: how long a
# run takes from its first job to the end of its book, and how large the book is. The
# number of jobs goes by pages and networks, not by scans.

# %%
whole = pd.read_csv(page.path("data_manifest/study_sizes.tsv"), sep="\t")
shown_sizes = whole.rename(columns={"book_mb": "book, MB"})
shown_sizes["minutes"] = shown_sizes["minutes"].map("{:.1f}".format)
shown_sizes["scans"] = shown_sizes["scans"].map("{:,}".format)
show.table(shown_sizes, of_groups=True, not_people=list(shown_sizes))

# %% [markdown]
# What their jobs took. Steps of training are as many whatever the scans; a row `fit` is
# one network. The last column is on paper: on the line through the smallest and the
# largest study. Pages that need several sites are left out.


# %%
measured = read_measured(page.path("data_manifest/job_costs.tsv"))
took = {
    job: of.set_index("scans")
    for job, of in measured.groupby("job")
    if of["scans"].nunique() > 1 and not of["needs"].any()
}
sizes, ON_PAPER = sorted({n for of in took.values() for n in of.index}), 10_000
foreseen = {
    job: [
        on_line(of.index.to_series(), of[k], ON_PAPER) for k in ("seconds", "memory_mb")
    ]
    for job, of in took.items()
}


# %%
def texts(job):
    """Seconds and memory of a job at each size, as text; a dash where not measured."""
    of = took[job].reindex(sizes)
    titles = [*(f"{n:,} scans" for n in sizes), f"{ON_PAPER:,} scans, on paper"]
    costs = [*of[["seconds", "memory_mb"]].to_numpy(), foreseen[job]]
    return {
        title: "–" if np.isnan(s) else f"{s:.0f}\xa0s, {mb / 1000:.1f}\xa0GB"
        for title, (s, mb) in zip(titles, costs, strict=True)
    }


order = sorted(took, key=lambda job: -foreseen[job][0])
by_size = pd.DataFrame([{"job": job} | texts(job) for job in order])
show.table(by_size, of_groups=True, not_people=list(by_size))

# %% [markdown]
# Memory is the largest resident set of a process, with the parts of the array of scans
# that it has looked at; the system takes these back where memory is short.

# %%
ends = [job for job, of in took.items() if {sizes[0], sizes[-1]} <= set(of.index)]
largest = max(ends, key=lambda job: took[job]["memory_mb"][sizes[-1]])
most = [took[largest]["memory_mb"][n] / 1000 for n in (sizes[0], sizes[-1])]
small, large = whole.iloc[0], whole.iloc[-1]
later = on_line(whole["scans"], whole["minutes"], ON_PAPER)

# %%
jobs = "as many jobs" if large["jobs"] == small["jobs"] else f"{large['jobs']} jobs"
result = (
    f"A whole study of {large['scans']:,} phantom scans takes {large['minutes']:.0f} "
    f"minutes on two cores, {large['minutes'] / small['minutes']:.1f} times as long as "
    f"one of {small['scans']:,}, with {jobs}; its largest job, {largest}, takes "
    f"{most[-1]:.1f} GB in place of {most[0]:.1f}. {ON_PAPER:,} scans would take "
    f"{later:.0f} minutes. A training step takes {value['step.default.ms']:.1f} ms a "
    f"scan at {value['step.default.rate']:.0f}% of the rate of a matrix product; "
    f"MONAI's resnet18 takes {value['step.resnet18.times']:.0f} times as long on whole "
    "heads at 2 mm. A saliency map costs as much as "
    f"{value['maps.field.passes']:.1f} forward and backward passes. Each number is of "
    "one run."
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
numbers = {"measured": value.to_dict(), "machine": machine}
numbers |= {"studies": whole.to_dict("records"), "minutes_on_paper": later}
numbers |= {"jobs": measured.to_dict("records"), "on_paper": foreseen}
page.close(numbers, result=result)
