"""What a phantom cohort consists of, as a study file asks for it.

Standard library only: the workflow reads this before anything is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cohort:
    """Size, seed and labels of a phantom cohort.

    Parameters
    ----------
    participants : mapping of str to mapping of str to int
        Number of people by certainty of the diagnosis (`possible`, `definite`, `confirmed`), and
        in it by label.
    seed : int
        Of all draws; the same cohort has the same bytes.
    follow_ups : int
        Participants of certainty `confirmed` with a second scan.
    mislabelled : mapping of str to float
        By certainty, the share of the cases of every patient group but the first that carries
        the first label; 0 where a certainty is not named.
    identical_patients : bool
        All patients come from the distribution of the first patient group, so that nothing tells
        them apart (a negative control).

    Examples
    --------
    >>> cohort = Cohort({"definite": {"NC": 2, "PD": 3}, "confirmed": {"PD": 1}}, follow_ups=1)
    >>> cohort.diagnoses
    ('NC', 'PD')
    """

    participants: Mapping[str, Mapping[str, int]]
    seed: int = 2022
    follow_ups: int = 0
    mislabelled: Mapping[str, float] = field(default_factory=dict)
    identical_patients: bool = False

    @property
    def diagnoses(self):
        """Labels of the cohort, each once, in the order in which they are named."""
        return tuple(dict.fromkeys(name for group in self.participants.values() for name in group))
