"""Who is in the phantom cohort: diagnosis, label, clinic, and regional binding of each scan.

Binding is drawn from the distributions of `density`. All numbers come from
`data_manifest/phantom.yaml`.
"""

import numpy as np
import pandas as pd

from datnet_phantom.density import age_factor, conditional_binding, like_patients
from datnet_phantom.regions import BINDING_COLUMNS, SIDES
from datnet_phantom.streams import Stream, generator

CLINICAL_SCORES = ("symptom_duration_years", "updrs", "hoehn_yahr")


def draw_participants(cohort, calibration, control, stream=Stream.PEOPLE):
    """Draw diagnosis, certainty, clinic and regional binding of every scan.

    Group sizes are those of the labels. Of the people who carry the first patient label, some
    have another disease: so many that, in expectation, the share `cohort.mislabelled` of those
    who have this other disease carries the first label.

    Parameters
    ----------
    cohort : Cohort
        Group sizes, follow-ups, share of wrong labels and seed.
    calibration : Calibration
        Output of `numbers.read_calibration`.
    control : str
        Diagnosis without any loss.
    stream : Stream
        What they are drawn for; the same seed gives other people in another stream.

    Returns
    -------
    scans : DataFrame
        Columns of `scans.tsv`; `diagnosis` is the label, which may be wrong.
    truth : DataFrame
        One row per scan: `true_diagnosis`, `severity`, `worse_side`, and the binding ratio of
        each of `regions.BINDING_COLUMNS`.

    Raises
    ------
    ValueError
        If a diagnosis is not in the calibration, or more wrong labels are asked for than the
        first patient group has members.

    Examples
    --------
    >>> from datnet_phantom.cohort import Cohort
    >>> from datnet_phantom.numbers import read_calibration
    >>> calibration = read_calibration("data_manifest/phantom.yaml")
    >>> cohort = Cohort({"confirmed": {"IPD": 1}}, follow_ups=1)
    >>> scans, truth = draw_participants(cohort, calibration, "NC")
    >>> scans["session_id"].tolist(), truth["true_diagnosis"].tolist()
    (['ses-baseline', 'ses-followup'], ['IPD', 'IPD'])
    """
    known = {*calibration.loss, control} & set(calibration.asymmetry)
    asked = set(cohort.diagnoses)
    if not asked <= known:
        raise ValueError(
            f"phantom.participants names {sorted(asked - known)}; the generator knows "
            f"{', '.join(sorted(known))}, with control {control!r}: rename, or bring own scans"
        )
    scans = []
    truth = []
    number = 0
    for certainty, groups in cohort.participants.items():
        hidden = hidden_shares(groups, cohort.mislabelled.get(certainty, 0.0), control)
        labels = [name for name, n in groups.items() for _ in range(n)]
        order = generator(stream, cohort.seed).permutation(len(labels))
        repeated = set(order[: cohort.follow_ups]) if certainty == "confirmed" else set()
        for position, label in enumerate(labels):
            number += 1
            rng = generator(stream, cohort.seed, number)
            others = hidden if label == _first_patient(groups, control) else {}
            shares = [1 - sum(others.values()), *others.values()]
            diagnosis = str(rng.choice([label, *others], p=shares))
            like = like_patients(diagnosis, calibration, control, cohort.identical_patients)
            person = _person(like, calibration, control, rng)
            for session in range(2 if position in repeated else 1):
                years = session * person["interval_years"]
                clinic, binding = _scan(person, like, years, calibration, control)
                keys = {
                    "participant_id": f"sub-{number:04d}",
                    "session_id": ("ses-baseline", "ses-followup")[session],
                }
                label_and_file = {
                    "path": scan_path(**keys),
                    "diagnosis": label,
                    "certainty": certainty,
                }
                scans.append(keys | label_and_file | clinic)
                truth.append(keys | {"true_diagnosis": diagnosis} | binding)
    return pd.DataFrame(scans), pd.DataFrame(truth)


def hidden_shares(groups, mislabelled, control):
    """Share of the people with the first patient label who have each other disease.

    With n labels of a disease and a share m of its cases mislabelled, m / (1 - m) n cases of it
    carry the first label.

    Parameters
    ----------
    groups : dict of str to int
        Number of labels of each diagnosis.
    mislabelled : float
        Share of the cases of every patient group but the first with the first label.
    control : str
        Diagnosis that is never mislabelled.

    Returns
    -------
    dict of str to float

    Raises
    ------
    ValueError
        If the first patient group is too small for so many wrong labels.

    Examples
    --------
    75 labels of MSA without a quarter of the cases are 100 cases; the others are among 200.

    >>> hidden_shares({"IPD": 200, "MSA": 75}, 0.25, control="NC")
    {'MSA': 0.125}
    """
    first = _first_patient(groups, control)
    others = [name for name in groups if name not in (first, control)]
    odds = mislabelled / (1 - mislabelled)
    wrong = {name: odds * groups[name] for name in others if mislabelled}
    if sum(wrong.values()) > groups.get(first, 0):
        raise ValueError(
            f"phantom.mislabelled of {mislabelled} puts {sum(wrong.values()):.1f} wrong labels "
            f"among {groups.get(first, 0)} of {first}; expected no more than there are: lower it, "
            f"or enlarge the group {first}"
        )
    return {name: n / groups[first] for name, n in wrong.items()}


def _first_patient(groups, control):
    """The patient group that comes first; None where there are controls only."""
    return next((name for name in groups if name != control), None)


def scan_path(participant_id, session_id):
    """Path of a scan in the data set, as BIDS has it.

    Examples
    --------
    >>> scan_path("sub-0001", "ses-1")
    'sub-0001/ses-1/pet/sub-0001_ses-1_space-MNI152NLin6Asym_res-02_pet.nii.gz'
    """
    stem = f"{participant_id}_{session_id}_space-MNI152NLin6Asym_res-02_pet"
    return f"{participant_id}/{session_id}/pet/{stem}.nii.gz"


def _person(diagnosis, calibration, control, rng):
    """What stays the same between the scans of one person."""
    clinic = calibration.clinic
    factor = np.linalg.cholesky(conditional_binding(diagnosis, calibration, control).covariance)
    is_patient = diagnosis != control
    return {
        "age": float(np.clip(rng.normal(*clinic.age[diagnosis]), 30, 90)),
        "sex": "F" if rng.random() < clinic.female[diagnosis] else "M",
        "z_severity": rng.standard_normal(),
        "worse_side": SIDES[rng.integers(2)],
        "own_binding": factor @ rng.standard_normal(len(BINDING_COLUMNS)),
        "z_scores": rng.standard_normal(len(CLINICAL_SCORES)) if is_patient else None,
        "interval_years": rng.uniform(*calibration.follow_up_years),
    }


def _scan(person, diagnosis, years, calibration, control):
    """Clinic and binding ratios of one person `years` after the first scan."""
    age = person["age"] + years
    progressed = (1 + calibration.yearly_progression) ** years
    severity = float(np.exp(calibration.severity_sd * person["z_severity"])) * progressed
    mean = conditional_binding(diagnosis, calibration, control)
    side = 1 if person["worse_side"] == "left" else -1
    log_binding = mean.healthy + severity * mean.log_kept + side * mean.worse_left
    ratios = np.exp(log_binding + person["own_binding"]) * age_factor(age, calibration)
    clinic = {"age": round(age, 1), "sex": person["sex"]}
    clinic |= _scores(person, diagnosis, severity, calibration)
    first = _scores(person, diagnosis, severity / progressed, calibration)
    clinic["symptom_duration_years"] = round(first["symptom_duration_years"] + years, 1)
    binding = {"severity": 0.0 if diagnosis == control else round(severity, 4)}
    binding |= {"worse_side": person["worse_side"]}
    return clinic, binding | dict(zip(BINDING_COLUMNS, ratios.round(4).tolist(), strict=True))


def _scores(person, diagnosis, severity, calibration):
    """Symptom duration, UPDRS and Hoehn-Yahr stage, correlated with severity; NaN in controls."""
    if person["z_scores"] is None:
        return dict.fromkeys(CLINICAL_SCORES, np.nan)
    clinic = calibration.clinic
    scores = {}
    r = clinic.correlation_with_severity
    z_severity = np.log(severity) / calibration.severity_sd
    for name, own in zip(CLINICAL_SCORES, person["z_scores"], strict=True):
        mean, sd = getattr(clinic, name)[diagnosis]
        value = mean + sd * (r * z_severity + np.sqrt(1 - r**2) * own)
        scores[name] = round(float(max(value, 0.3)), 1)
    scores["hoehn_yahr"] = float(np.clip(round(2 * scores["hoehn_yahr"]) / 2, 1, 5))
    return scores
