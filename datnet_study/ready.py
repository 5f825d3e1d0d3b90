"""A study that can be made: what stands in the way, or is doubtful, is said before any job runs."""

import sys

from datnet_study.cohort_check import check_cohorts
from datnet_study.records import refuse_foreign
from datnet_study.session_order import order_remarks
from datnet_study.simulated import check_start
from datnet_study.study import read_study


def ready_study(path):
    """Read a study, and check its scan table, its participants and whose results are there.

    Where the order of a participant's scans is doubtful, a line on stderr says so.

    Parameters
    ----------
    path : str or Path
        Study file.

    Returns
    -------
    Study

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_study`, `refuse_foreign`, `read_scans`, `read_verdicts`, `check_cohorts` and
        `check_start`.
    """
    study = read_study(path)
    refuse_foreign(study)
    if study.phantom is None:
        from datnet_study.scans import read_scans  # a second of imports
        from datnet_study.verdicts import read_verdicts

        scans = read_scans(study.scan_table, study.diagnoses)
        sys.stderr.writelines(f"{study.scan_table.path}: {text}\n" for text in order_remarks(scans))
        if verdicts := study.by_hand("verdicts"):
            read_verdicts(verdicts, scans)
    check_cohorts(study)
    check_start(study)
    return study
