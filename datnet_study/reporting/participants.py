"""Scans of the participants of a study are judged by the models that never saw them."""

from functools import lru_cache

import numpy as np

from datnet_study.reporting.known import same_file, same_scan
from datnet_study.reporting.of_study import study_judge

LEARNED = (
    "every network has learned from this participant, in the pre-training or by the scans that its "
    "training stopped on; there is none that never saw the scan"
)


class Participants:
    """Recognises scans of a study, and judges each by what does not know the participant.

    Parameters
    ----------
    study : Study
    """

    def __init__(self, study):
        self._study = study
        self._judge = lru_cache(maxsize=1)(lambda *given: study_judge(study, *given))

    def of_file(self, scan):
        """The participant's scan that a file is by its content, or None."""
        is_file = scan.kind == "NIfTI" and scan.path is not None
        return same_file(scan.path, self._study) if is_file else None

    def of_volume(self, volume):
        """The participant's scan that has these uptake ratios, or None."""
        return same_scan(volume, self._study)

    def applied(self, known, found):
        """Judge without the participant, by the models that never saw it.

        Of the study's own file, age, verdict of a person and volume are those of the study.

        Parameters
        ----------
        known : Known
        found : Judged
            Is changed.

        Returns
        -------
        Judge
        """
        found.known = (
            f"This is the scan {known.session} of the participant {known.participant} of the study "
            f"{self._study.name}, recognised by its content."
        )
        found.age = known.age if found.age is None else found.age
        if said := known.quality.get("by_hand"):
            reason = f"a person said: {known.quality.get('reason', '')}"
            said = {"verdict": said, "problem": reason if said == "fail" else ""}
            found.quality = found.quality | said
        if known.is_file and known.row is not None:
            volumes = np.load(self._study.volumes(self._study.images.grid_mm), mmap_mode="r")
            found.volume = np.array(volumes[known.row])
        if not known.models:
            found.problem = LEARNED
        return self._judge(known.participant, known.models)
