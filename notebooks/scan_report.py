# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, models/fold-*, models/refit*,
#       predictions/cross_validation.tsv, data_manifest/atlas/*,
#       data_manifest/phantom.yaml, data_manifest/scan_reports.tsv]
#     settings: [control, decisions.blind_test_model, diagnoses, images, network,
#       training.n_folds]
#     threads: 1
# ---

# %% [markdown]
# # A report on one scan
#
# A finished study can judge a scan that it has never seen: `make report
# SCAN=scan.nii.gz AGE=67` writes one HTML file about it, and `make package` packs what
# is needed to do so on another machine. This page shows what such a report says, on a
# made-up scan, and asks whether reports keep what they promise. It has no counterpart
# in the paper. A report is for research; it is not for deciding about a person.

# %% tags=["parameters"]
study: str = "data_manifest/smoke.yaml"  # study file
into: str = "study"  # folder below results/ to write to; study: the study's own
top: float = 2.4  # uptake ratio at the end of the scale of the picture

# %% tags=["setup"]
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from datnet_core.training import load_model
from datnet_phantom import read_calibration
from datnet_study import open_page, show
from datnet_study.figures import plot_among, plot_scan_strip
from datnet_study.reporting import (
    AGE,
    Material,
    doubt_in_words,
    first_screen,
    judge_scan,
    made_judge,
    made_up_scan,
    measure_rows,
    norms_in_words,
    of_image,
    outlines,
)

page = open_page("scan_report", study, into)
config = page.settings

# %% tags=["remove-input"]
show.notice(page)

# %% [markdown]
# ## Who judges
#
# The networks of the folds, whose mean probability counts; beside them what is known of
# the people that they learned from, as rounded numbers of groups of five or more.

# %%
refit = config.decisions.blind_test_model == "refit"
names = ["refit"] if refit else [f"fold-{k}" for k in range(config.training.n_folds)]
models = {n: load_model(page.models() / n, config.network, "cpu") for n in names}
calibration = read_calibration(page.path("data_manifest/phantom.yaml"))
out_of_fold = page.table("predictions/cross_validation.tsv")
about = {"name": "this study", "title": page.notice, "phantom": page.phantom}
judge = made_judge(
    Material(page.scans(), page.volumes(), out_of_fold, models, page.atlas()),
    about | {"tracer": calibration.tracer.name if page.phantom else "not said"},
    diagnoses=config.diagnoses,
    control=config.control,
    images=config.images,
    network=config.network,
)

# %% [markdown]
# ## What it says
#
# The scan is a phantom of Parkinson's disease that is in no study; every package has
# it, so that whoever gets one can see whether it works there. The report begins with
# what a reader has to know in half a minute.

# %%
images = config.images
phantom = made_up_scan(judge.atlas, calibration, images.reference_region, images.input)
found = judge_scan(of_image(phantom), judge, age=AGE, space="mni")
said = first_screen(found, judge)
lines = {"quality": f"{said['quality']['word']}: {said['quality']['why']}"}
if found.is_judged:
    p = ", ".join(f"{row['name']} {row['p']}" for row in said["bars"])
    lines |= {"probabilities": p, "cannot be ruled out": said["left"]["words"]}
    lines["referral"] = f"{said['flag']['word']}: {said['flag']['why']}"
    lines["worse side"] = f"{said['side']['word']}: {said['side']['why']}"
else:
    lines["probabilities"] = f"none: {found.problem}"
show.table(pd.DataFrame({"part": list(lines), "what it says": list(lines.values())}))

# %% [markdown]
# A scan that fails the quality check gets the reason and nothing else. Where the scan
# is one of the study's own, which is found by its content, only the network judges that
# never saw the participant.

# %% figure="fig-scan-report-strip"
volume = np.nan_to_num(found.fine)
regions = outlines(judge.atlas, images, judge.atlas.affine, volume.shape)
plot_scan_strip(volume, regions, judge.atlas.affine, top=top)

# %% [markdown]
# **The made-up scan as a report draws it**: uptake ratio in axial planes, in inverse
# grey and in hot colours, with the outlines of the measured regions.
#
# Beside the picture stand the binding ratios.

# %%
rows = pd.DataFrame(measure_rows(found, judge)).drop(columns="shares", errors="ignore")
display(Markdown(norms_in_words(found, judge)))
headings = {"name": "measure", "value": "this scan", "norm": "controls of this age"}
show.table(rows.rename(columns=headings))

# %% figure="fig-scan-report-among"
ends = {"": "binding ratio", "_asymmetry": "asymmetry"}
titles = {
    f"{r}{end}": f"{r}, {word}" for r in images.regions for end, word in ends.items()
}
plot_among(judge.facts.places, found.measures, titles)

# %% [markdown]
# **The scan (black line) among those that the networks learned from**: the middle half
# of each diagnosis (thick) and nearly all of it (thin), where it has ten or more. No
# image or number of a single participant is in a report or in a package.
#
# ## Does it keep its promises?
#
# A report says how often such a scan was judged rightly, how often a flag was right,
# and how often its set holds the right diagnosis: all by the networks of single folds,
# on people whom they had not seen. Here these promises stand beside what came out on
# phantom scans that no study has (`benchmarks/scan_reports.py`), each judged as a
# report does it.

# %%
kept = pd.read_csv(page.path("data_manifest/scan_reports.tsv"), sep="\t")
everyone = kept[kept["diagnosis"] == "all"]
texts = [
    f"{row.value:.2f}" if np.isnan(row.low) else show.interval(*row[4:7], 2)
    for row in everyone.itertuples(index=False)
]
shown = everyone[["study", "what", "n"]].assign(found=texts)
promised = everyone["promised"].map("{:.2f}".format).replace("nan", "–")
shown = shown.assign(promised=promised).rename(
    columns={"n": "scans", "found": "found (95%)"}
)
show.table(shown)

# %% [markdown]
# *Exact rule* is that of {doc}`calibration`, which keeps every out-of-fold score; the
# report's own keeps a rounded distribution, so that it can travel. Sets by diagnosis,
# for which nothing is promised:

# %%
of_sets = kept[(kept["what"] == "right one in the set") & (kept["diagnosis"] != "all")]
texts = [show.interval(*row[4:7], 2) for row in of_sets.itertuples(index=False)]
by_diagnosis = of_sets.assign(text=texts).pivot(
    index="diagnosis", columns="study", values="text"
)
counted = of_sets.groupby("diagnosis")["n"].first()
by_diagnosis.insert(0, "scans", counted)
show.table(by_diagnosis.reset_index().rename_axis(columns=None))

# %% [markdown]
# What this study's own report promises:

# %%
promises = doubt_in_words(judge.facts)
Markdown("\n".join(f"- {line}" for line in promises))

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. The unseen scans come from the generator of
# the phantom studies: a hospital's own scans are another matter, and nothing here says
# how a report does on them. Promises are rates of groups; of a single scan they say how
# often such a flag was right, not whether it is right now.

# %%
value = everyone.set_index(["study", "what"])[["value", "low", "high"]]
given = everyone.set_index(["study", "what"])["promised"]
whats = {
    "right one in the set": "the share of sets that hold the right diagnosis is",
    "flagged": "that of flagged scans",
    "errors that are flagged": "that of the errors that are flagged",
}
parts = []
for name in everyone["study"].unique():
    said_of = [
        f"{words} {show.interval(*value.loc[(name, what)], 2)}, promised "
        f"{given.loc[(name, what)]:.2f}"
        for what, words in whats.items()
    ]
    parts.append(f"by the networks of study {name}, {'; '.join(said_of)}")
n = int(everyone["n"].max())
result = (
    f"Reports on {n} phantom scans that no study has (95%): {'. And '.join(parts)}."
)

# %%
numbers = {
    "kept": kept.to_dict("records"),
    "made_up_scan": {
        "proba": [] if found.proba is None else found.proba,
        "measures": found.measures,
    },
}
page.close(numbers, result=result)
