"""What a model was made of and what it is not for, in words: the card of a package.

All cards of the project, of models and of data, have the same headings (`HEADINGS`).
"""

from datnet_study.reporting.judge import AGE

HEADINGS = (
    "What it is", "What it is for", "Made from", "How sure it is", "What it was never tried on",
    "Files",
)  # fmt: skip
COHORTS = {
    "pretraining": "uncertain diagnoses, to start from",
    "training": "sure diagnoses, to learn from",
    "blind_test": "kept apart, to judge",
    "external": "of other sites, to judge",
}
CARD = """\
# {title}

## What it is

Networks of the study `{name}`, packed to judge scans elsewhere.

| | |
|---|---|
| diagnoses | {diagnoses} |
| tracer | {tracer} |
| scans | {space}; {input} |
| resolution | scanner {scan_fwhm_mm:g} mm, filter {filter_fwhm_mm:g} mm |
| grid | {grid_mm:g} mm, reference region {reference} |
| networks | {networks} |
| made by | datnet-study {project} |

## What it is for

**Research use only**: this is no medical device, and nothing it says may decide about a person.

## Made from

{scans}

{people}

{ages}

Controls, for the z-scores of a report:

{norms}

## How sure it is

{doubt}

## What it was never tried on

{never}

## Files

`package.json` (settings, norms, rounded distributions), `networks/` (safetensors), `atlas/`
(regions; sources in the project's `data_manifest/atlas/README.md`), `acceptance/` (a made-up scan,
and what this package said of it), `SHA256SUMS`. No scan, id or label of a participant is in any of
them: people appear as rounded numbers of groups of five or more.

    make report PACKAGE=this/folder                 # try it on the made-up scan
    make report PACKAGE=this/folder SCAN=scan.nii.gz AGE=67
"""


def card_of(judge):
    """Text of the card of a judge, Markdown.

    Parameters
    ----------
    judge : Judge

    Returns
    -------
    str
    """
    facts = judge.facts
    images = facts.images
    counted = [
        f"| {COHORTS.get(cohort, cohort)} | {' | '.join(by[name] for name in facts.diagnoses)} |"
        for cohort, by in facts.people.items()
    ]
    head = f"| participants | {' | '.join(facts.diagnoses)} |"
    rule = "|---" * (1 + len(facts.diagnoses)) + "|"
    norms = [
        f"| {name.replace('_', ' ')} | {norm.at_60:g} | {norm.per_decade:+g} | {norm.sd:g} | "
        f"{norm.n} |"
        for name, norm in facts.norms.items()
    ]
    top = f"| measure | at {AGE} years | change by decade | SD | controls |\n|---|---|---|---|---|"
    return CARD.format(
        title=facts.title,
        name=facts.name,
        scans=scans_in_words(facts),
        diagnoses=", ".join(facts.diagnoses),
        tracer=facts.tracer,
        space="as the camera has them" if images.space == "native" else "in MNI space",
        input=images.input,
        scan_fwhm_mm=images.scan_fwhm_mm,
        filter_fwhm_mm=images.filter_fwhm_mm,
        grid_mm=images.grid_mm,
        reference=images.reference_region,
        networks=f"{len(judge.models)}, their mean counts; {facts.network.n_filters} filters",
        project=facts.project,
        people="\n".join([head, rule, *counted]),
        ages=ages_in_words(facts),
        doubt="\n".join(f"- {line}" for line in doubt_in_words(facts)),
        norms="\n".join([top, *norms]) if norms else NO_NORMS,
        never="\n".join(f"- {line}" for line in never_tried(facts)),
    )


NO_NORMS = "Too few controls with a known age: there are no z-scores."


def scans_in_words(facts):
    """What the networks learned from, in a sentence."""
    if facts.phantom:
        return (
            "They learned from **digital phantoms** made by a computer. Nothing they say of a scan "
            "of a person has ever been checked."
        )
    return "They learned from scans of people."


def ages_in_words(facts):
    """Ages of those learned from, in a sentence."""
    if facts.ages is None:
        return "Ages of those learned from: too few are known."
    return f"Nine in ten of those learned from are {facts.ages[0]} to {facts.ages[1]} years old."


def doubt_in_words(facts):
    """What sets and flags promise, a sentence each."""
    doubt, who = facts.doubt, "phantoms" if facts.phantom else "people"
    if doubt is None:
        return [f"No network judged {who} out of fold in this way: there are no sets and no flag."]
    return [
        f"Out of fold, {doubt.n} {who} were judged by networks that never saw them: "
        f"{doubt.accuracy:.0%} right by the most probable diagnosis.",
        f"A set of diagnoses is to hold the right one in {doubt.coverage:.0%} of such {who}.",
        f"A scan is referred if its largest probability is below {doubt.least}. Out of fold "
        f"this were {doubt.referred:.0%} of the scans; on {doubt.wrong:.0%} of these the networks "
        f"were wrong, which is {doubt.caught:.0%} of all their errors; of the others "
        f"{doubt.kept:.0%} were right.",
    ]


def never_tried(facts):
    """What a judge was never tried on, a line each."""
    lines = [f"any diagnosis but {', '.join(facts.diagnoses)}"]
    known = facts.tracer if facts.tracer != "not said" else "the one that it learned from"
    lines.append(f"any tracer but {known}, and any other scanner or reconstruction")
    if facts.phantom:
        lines.insert(0, "any scan of a person")
    lines += [
        "people with a stroke, a tumour, an operation, or drugs that bind where the tracer does",
        "how common the diagnoses are elsewhere: probabilities take them to be as common as among "
        "those learned from",
    ]
    if facts.ages:
        lines.append(f"people much younger than {facts.ages[0]} or older than {facts.ages[1]}")
    return lines
