"""How participants come from the table of scans to a verdict: the counts of a STARD diagram."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from datnet_study.masking import MARK, hidden_cells, is_small
from datnet_study.performance import confusion

COHORT_NAMES = ("pretraining", "training", "blind_test")
OTHER_SITES = "external"  # only where a study has sites that are for tests


@dataclass(frozen=True)
class FlowCounts:
    """Counts of people and scans; in public, marks stand in the place of small ones."""

    names: tuple  # of the diagnoses
    people: int | str  # in the table
    scans: int | str
    left_out: int | str  # scans
    reasons: dict  # why they were left out, to how many scans
    sizes: dict  # participants of each cohort
    cohorts: pd.DataFrame  # participants by cohort and diagnosis, of those used
    said: dict  # participants of the blind test by what the index test says
    judged: pd.DataFrame  # the same, by label (rows) and by that; empty without any

    def masked(self):
        """The same with a mark for each count from 1 to 4, and for what would give it away.

        Returns
        -------
        FlowCounts
            Both cross tables hide what the figures of the pages `cohorts` and `blind_test` hide, so
            that nothing follows from two of them. Where few scans are left out, their number is
            hidden with that of all scans and people; so are these where they would give few people
            by subtraction.
        """
        few = bool(is_small(self.left_out))
        used = sum(self.sizes.values())
        told = any(is_small([self.people - used, *self.sizes.values()]))
        reasons = _marked(pd.DataFrame([self.reasons], dtype=int)).loc[0].to_dict()
        cohorts, judged = _marked(self.cohorts, zeros=False), _marked(self.judged)
        said = _marked(pd.DataFrame([self.said], dtype=int)).loc[0].to_dict()
        return replace(
            self,
            people=MARK if few or told else self.people,
            scans=MARK if few or is_small(self.scans - self.people) else self.scans,
            left_out=MARK if few else self.left_out,
            reasons=dict.fromkeys(reasons, MARK) if few else reasons,
            sizes={name: MARK if is_small(n) else n for name, n in self.sizes.items()},
            cohorts=cohorts,
            said=said,
            judged=judged,
        )


def _marked(counts, zeros=True):
    """A cross table of counts with marks in hidden cells."""
    if counts.empty:
        return counts
    hidden = hidden_cells(counts.to_numpy(), zeros=zeros)
    return counts.astype(object).mask(hidden, MARK)


def flow_counts(quality, scans, predictions, class_names):
    """Count participants and scans on their way to a verdict.

    Parameters
    ----------
    quality : DataFrame
        Output of `verdicts.with_verdicts`: all scans of the table.
    scans : DataFrame
        Those that are used, with `cohort` and `diagnosis`.
    predictions : DataFrame
        Of the blind test, first scans only: `participant_id`, `diagnosis`, `p_<class>`; no row
        where there is none.
    class_names : sequence of str

    Returns
    -------
    FlowCounts
        The index test says the most probable diagnosis, whatever `decisions` says.
    """
    out = quality[~quality["used"].astype(bool)]
    why = np.where(out["by_hand"].notna(), "by hand", out["worst"].fillna("not readable"))
    reasons = pd.Series(why, dtype=object).str.replace("_", " ").value_counts()
    people = scans.drop_duplicates("participant_id")
    by = pd.crosstab(people["cohort"], people["diagnosis"])
    judged = confusion(predictions, class_names) if len(predictions) else pd.DataFrame()
    cohorts = (*COHORT_NAMES, *([OTHER_SITES] if OTHER_SITES in by.index else []))
    return FlowCounts(
        names=tuple(class_names),
        people=quality["participant_id"].nunique(),
        scans=len(quality),
        left_out=len(out),
        reasons=reasons.to_dict(),
        sizes={name: int((people["cohort"] == name).sum()) for name in cohorts},
        cohorts=by,
        said={name: int(n) for name, n in judged.sum().items()},
        judged=judged,
    )
