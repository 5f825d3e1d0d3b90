# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
#   datnet:
#     reads: [scans.tsv, volumes.npy, models/fold-*, models/refit*,
#       predictions/cross_validation.tsv, data_manifest/atlas/*,
#       data_manifest/phantom.yaml, data_manifest/scan_reports.tsv]
#     settings: [control, decisions.blind_test_model, diagnoses, images, name,
#       network, training.early_stopping_on, training.n_folds]
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
    asymmetry_in_words,
    doubt_in_words,
    first_screen,
    judge_scan,
    made_judge,
    made_up_scan,
    measure_rows,
    measures_in_words,
    norms_in_words,
    of_image,
    outlines,
    panel_titles,
    unseen,
    without_sides,
)

page = open_page("scan_report", study, into)
config = page.settings
own = config.name  # name of this study in the table of the unseen scans
PROMISES = {  # rows of that table, and where a judge has its promise
    "right": "accuracy",
    "right one in the set": "coverage",
    "flagged": "referred",
    "flagged scans that are wrong": "wrong",
    "errors that are flagged": "caught",
    "others that are right": "kept",
}
ROUNDED = 0.0006  # promises are kept to three decimals
WITHIN = "within error"

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
out_of_fold = unseen(out_of_fold, config.training)
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
    left, side = said["left"], said["side"]
    lines |= {"probabilities": p, left["title"]: f"{left['words']}. {left['why']}"}
    lines["referral"] = f"{said['flag']['word']}: {said['flag']['why']}"
    lines["side of the brain with less binding"] = f"{side['word']}: {side['why']}"
else:
    lines["probabilities"] = f"none: {found.problem}"
show.table(pd.DataFrame({"part": list(lines), "what it says": list(lines.values())}))


# %%
def percent(row):
    """A share and its interval, in words."""
    return f"{row.value:.0%} ({row.low:.0%} to {row.high:.0%})"


def against_promise(row):
    """Whether a share is as promised, by its interval."""
    limits = row.low - row.promised, row.high - row.promised
    return show.direction(*limits, more="more", less="less", even=WITHIN)


kept = pd.read_csv(page.path("data_manifest/scan_reports.tsv"), sep="\t")
everyone, studies = kept[kept["diagnosis"] == "all"], kept["study"].unique()
of_sets = kept[(kept["what"] == "right one in the set") & (kept["diagnosis"] != "all")]

# %%
left = [] if found.left is None else found.left
out = [name for name, is_in in zip(config.diagnoses, left, strict=False) if not is_in]
missed = [
    f"{row.diagnosis} in {1 - row.value:.0%} ({1 - row.high:.0%} to {1 - row.low:.0%})"
    for row in of_sets[of_sets["study"] == own].itertuples()
    if row.diagnosis in out
]
how_often = (
    f"In phantoms that no study has, the sets of study {own} missed "
    f"{', '.join(missed)} of those that have it (95%)."
    if missed
    else "How often such sets miss a diagnosis is below, of studies that were tried."
)
Markdown(how_often)

# %% [markdown]
# A scan that fails the quality check gets the reason and nothing else. Where the scan
# is one of the study's own, which is found by its content, only the network judges that
# never saw the participant.

# %% figure="fig-scan-report-strip"
volume = np.nan_to_num(found.fine)
regions = outlines(judge.atlas, images, judge.atlas.affine, volume.shape)
scale = f"uptake / {images.reference_region}"
plot_scan_strip(volume, regions, judge.atlas.affine, top=top, scale=scale)

# %% [markdown]
# **The made-up scan as a report draws it**: uptake ratio in axial planes, in inverse
# grey and in hot colours, with the outlines of the measured regions (all in cyan on hot
# colours). Small outlines behind the others, where there are any, are the tail of the
# caudate. L: the left of the head.
#
# Beside the picture stand the binding ratios.

# %%
rows = pd.DataFrame(measure_rows(found, judge)).drop(columns="shares", errors="ignore")
display(Markdown(f"{measures_in_words(images)} {asymmetry_in_words()}"))
display(Markdown(norms_in_words(found, judge)))
headings = {"name": "measure", "value": "this scan", "norm": "controls of this age"}
show.table(rows.rename(columns=headings))

# %%
lost, apart = {}, {}
for region in images.regions:
    norm, measures = judge.facts.norms.get(region), found.measures
    if norm and region in measures:
        usual = norm.at_60 + norm.per_decade * (AGE - 60) / 10
        change = measures[region] / usual - 1
        word = "less" if change < 0 else "more"
        lost[region] = f"{abs(change):.0%} {word} in the {region}"
    if f"{region}_asymmetry" in measures:
        apart[region] = abs(measures[f"{region}_asymmetry"])
words = []
if lost:
    words += [f"Against controls of its age the scan has {', '.join(lost.values())}."]
if apart:
    sides = ", ".join(f"{size:.0%} in the {region}" for region, size in apart.items())
    words += [f"The sides are apart by {sides}."]
if apart and max(apart, key=apart.get) == "caudate":
    words += ["In patients the putamen mostly differs more: it is no typical example."]
Markdown(" ".join(words) or "No ratio can be compared with controls.")

# %% figure="fig-scan-report-among"
places, measures = without_sides(judge.facts.places, found.measures)
plot_among(places, measures, panel_titles(images.regions))

# %% [markdown]
# **The scan (black line) among those that the networks learned from**: the middle half
# of each diagnosis (thick) and nearly all of it (thin), where it has ten or more. How
# far the sides differ is drawn without a sign, for a disease may begin on either. No
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
texts = [
    f"{row.value:.2f}" if np.isnan(row.low) else show.interval(*row[4:7], 2)
    for row in everyone.itertuples(index=False)
]
shown = everyone[["study", "what", "n"]].assign(found=texts)
promised = everyone["promised"].map("{:.2f}".format).replace("nan", "–")
verdicts = [
    "–" if np.isnan(row.promised) else against_promise(row)
    for row in everyone.itertuples()
]
shown = shown.assign(promised=promised, verdict=verdicts).rename(
    columns={"n": "scans", "found": "found (95%)", "verdict": "against the promise"}
)
show.table(shown)

# %% [markdown]
# *Exact rule* is that of {doc}`calibration`, which keeps every out-of-fold score; the
# report's own keeps a rounded distribution, so that it can travel. Sets by diagnosis,
# for which nothing is promised:

# %%
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

# %%
given = everyone[everyone["study"] == own].set_index("what")["promised"]
here = {what: getattr(judge.facts.doubt, key, np.nan) for what, key in PROMISES.items()}
differ = [
    f"{what} {given[what]:.1%} there, {now:.1%} here"
    for what, now in here.items()
    if own in studies and abs(given[what] - now) > ROUNDED
]

# %%
if own not in studies:
    words = (
        f"The table is of networks of {', '.join(studies)}, not of those of this book."
    )
elif differ:
    words = (
        "The table was made with other networks of this study than those of this book. "
    )
    words += f"Promises that differ: {'; '.join(differ)}."
elif judge.facts.doubt is None:
    words = "These networks promise nothing that could be set beside the table."
else:
    words = "These are the promises of the table: it was made with networks like these."
Markdown(words)

# %% [markdown]
# ## Summary
#
# The result stands at the top of the page. The unseen scans come from the generator of
# the phantom studies: a hospital's own scans are another matter, and nothing here says
# how a report does on them. Promises are rates of groups; of a single scan they say how
# often such a flag was right, not whether it is right now.


# %%
def sentence(name):
    """What came out for the networks of a study."""
    row = {r.what: r for r in everyone[everyone["study"] == name].itertuples()}
    held, flagged = row["right one in the set"], row["flagged"]
    short = [
        f"{part.diagnosis} only in {percent(part)}"
        for part in of_sets[of_sets["study"] == name].itertuples()
        if part.high < held.promised
    ]
    return (
        f"by the networks of study {name}, the set of diagnoses held the right one in "
        f"{percent(held)}, promised {held.promised:.0%}"
        f"{', but in ' if short else ''}{' and in '.join(short)}. Flagged were "
        f"{percent(flagged)}, promised {flagged.promised:.0%}; among the flagged were "
        f"{percent(row['errors that are flagged'])} of all errors. {broken(row)}"
    )


# %%
def broken(row):
    """Where more or less came out than was promised for all together, in words."""
    parts = [
        f"{what} {percent(row[what])}, {verdict} than {row[what].promised:.0%}"
        for what in PROMISES
        if (verdict := against_promise(row[what])) != WITHIN
    ]
    if not parts:
        return "No promise for all scans together is shown to be broken."
    return f"Unlike the promise: {'; '.join(parts)}."


# %%
told = [sentence(name) for name in ([own] if own in studies else studies)]
n = int(everyone["n"].max())
result = f"In {n} phantom scans that no study has (95%), {' And '.join(told)}"
if differ:
    result += (
        " This was measured with other networks of this study than those of this book."
    )
elif own not in studies:
    result += " The networks of this book were not tried so."

# %%
numbers = {
    "kept": kept.to_dict("records"),
    "made_up_scan": {
        "proba": [] if found.proba is None else found.proba,
        "measures": found.measures,
    },
}
page.close(numbers, result=result)
