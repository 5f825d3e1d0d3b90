"""Whether the participants of a study are enough for it, before any job runs.

What a study can do without (controls, a pre-training cohort, a blind test, clinical data) is no
matter here: the pages say what they leave out. This is about what no page could mend.
"""

from collections import Counter

from datnet_study.problems import problem_list
from datnet_study.site_roles import EXTERNAL
from datnet_study.table import participants


def check_cohorts(study):
    """Refuse a study whose participants do not allow it.

    A table with another fault, such as a word that is no diagnosis of the study, is left to the
    page `cohorts`, which lists every row at fault.

    Parameters
    ----------
    study : Study

    Raises
    ------
    ValueError
        One line per reason: what was found, what was expected, and what to change.
    """
    found = participants(study)
    certainties = ("possible", "definite", "confirmed", EXTERNAL)
    readable = all(
        certainty in certainties and diagnosis in study.diagnoses for certainty, diagnosis in found
    )
    if not found or not readable:
        return
    reasons = obstacles(found, study.diagnoses, study.training)
    if reasons := reasons + _sizes(found, study.learning_curve):
        raise problem_list(f"{study.source}: the participants do not allow this study", reasons)


def check_used(scans, used, quality, diagnoses, training):
    """Refuse a study for which the quality check has left too few participants.

    Parameters
    ----------
    scans, used : DataFrame
        All scans, and those that are used: `participant_id`, `certainty`, `diagnosis`.
    quality : DataFrame
        Of all scans: `used`, and their `worst` measure.
    diagnoses : sequence of str
        Of the study.
    training : TrainingSettings
        Its `n_folds`, `pretrain_on` and `early_stopping_on` count.

    Raises
    ------
    ValueError
        One line per reason, as `check_cohorts`.
    """
    people = used.drop_duplicates("participant_id")
    found = Counter(zip(people["certainty"], people["diagnosis"], strict=True))
    reasons = obstacles(found, diagnoses, training)
    gone = set(scans["certainty"]) - set(used["certainty"])
    if training.learns_from_cohort and "possible" in gone:
        reasons.append(f"certainty 'possible': nobody is left; {without_cohort(training)}")
    if len(used) < len(scans) and reasons:
        wrong = quality.loc[~quality["used"].astype(bool), "worst"].value_counts()
        if len(wrong) and wrong.index[0] == "reference_level":
            reasons.append(
                "the reference is empty in most of the others: if scans hold ratios or binding "
                "potentials, write images.input: ratio or bp"
            )
        raise problem_list(
            f"{len(used)} of {len(scans)} scans passed the quality check, and their participants "
            "do not allow this study; see the page quality, and images.verdicts",
            reasons,
        )


def obstacles(found, diagnoses, training):
    """Reasons why a study cannot be made of its participants.

    Parameters
    ----------
    found : dict of (str, str) to int
        Participants by certainty and diagnosis.
    diagnoses : sequence of str
        Of the study.
    training : TrainingSettings

    Returns
    -------
    list of str
        Empty if the study can be made.
    """
    definite = {name: found.get(("definite", name), 0) for name in diagnoses}
    possible = {name: n for (certainty, name), n in found.items() if certainty == "possible" and n}
    reasons = []
    if not any(definite.values()):
        reasons.append(
            "no participant has the certainty 'definite'; the networks learn from these and are "
            "judged by them: give it to those whose diagnosis is sure"
        )
    elif min(definite.values()) < training.n_folds:
        reasons.append(_too_few(definite, training.n_folds))
    elif training.early_stopping_on == "inner":
        reasons += _nobody_to_stop(definite, training.n_folds)
    if (
        training.learns_from_cohort
        and possible
        and (len(possible) < 2 or max(possible.values()) < 2)
    ):
        reasons.append(
            f"certainty 'possible': found {_counted(possible)}; pre-training needs two diagnoses, "
            f"one of them with two participants: {without_cohort(training)}, or add participants"
        )
    return reasons


def without_cohort(training):
    """Advice to leave the pre-training cohort out."""
    left = "simulated" if training.starts_simulated else "none"
    return f"set training.pretrain_on: {left}"


def _sizes(found, curve):
    """The learning curve asks for more participants than the training cohort has."""
    n = sum(count for (certainty, _), count in found.items() if certainty == "definite")
    if curve is None or curve.sizes[-1] < n:
        return []
    return [
        f"learning_curve.sizes: found {list(curve.sizes)}; expected less than the {n} participants "
        "of certainty 'definite', who come last in any case: leave out the larger ones"
    ]


def _too_few(definite, n_folds):
    """A diagnosis has fewer participants than there are folds."""
    few = {name: n for name, n in definite.items() if n < n_folds}
    ways = ["add participants"]
    enough = [name for name in definite if name not in few]
    if len(enough) > 1:
        ways.insert(0, _other(enough))
    some = {name: n for name, n in definite.items() if n > 1}  # enough for two folds
    if len(some) > 1 and min(some.values()) < n_folds:
        others = "" if len(some) == len(definite) else f" and {_other(some)}"
        ways.insert(0, f"lower training.n_folds to {min(some.values())}{others}")
    return (
        f"certainty 'definite': found {_counted(few)}; expected at least {n_folds} of each of the "
        f"`diagnoses`, one for each fold (training.n_folds): {', or '.join(ways)}"
    )


def _other(names):
    """Advice to make the study of these diagnoses alone."""
    return f"list other `diagnoses`, such as [{', '.join(names)}]"


def _nobody_to_stop(definite, n_folds):
    """Besides those judged, no diagnosis has one participant to learn from and one to stop."""
    if n_folds > 2 or max(definite.values()) > 3:  # of 4 in two folds, two are left
        return []
    ways = "raise training.n_folds to 3, or " if min(definite.values()) > 2 else ""
    return [
        f"certainty 'definite': found {_counted(definite)}; with training.n_folds = 2, expected 4 "
        "of one diagnosis, so that besides the two judged, one teaches and one stops the training: "
        f"{ways}add participants"
    ]


def _counted(counts):
    """Numbers of participants in words."""
    return ", ".join(f"{name} {n}" for name, n in counts.items())
