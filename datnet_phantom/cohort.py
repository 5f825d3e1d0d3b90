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


@dataclass(frozen=True)
class Site:
    """Who is imaged at one site of a phantom cohort.

    A site with neither is the home site: its people are those of the `Cohort`.

    Parameters
    ----------
    participants : mapping of str to mapping of str to int
        People of this site alone, as in `Cohort`.
    people_of : str, optional
        Another site, whose people of certainty `confirmed` are imaged here once more.
    """

    participants: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    people_of: str | None = None

    @property
    def is_home(self):
        """Whether its people are those of the cohort itself."""
        return not self.participants and self.people_of is None


def check_sites(sites):
    """Refuse sites that do not say whom they image.

    Parameters
    ----------
    sites : mapping of str to Site

    Raises
    ------
    ValueError
        Says which site, and what to write.
    """
    home = [name for name, site in sites.items() if site.is_home]
    if len(home) != 1:
        raise ValueError(
            f"phantom.sites has {len(home)} home sites ({', '.join(home) or 'none'}), expected one "
            "with the people of phantom.participants: give each other site `participants` or "
            "`people_of`"
        )
    labels = [site_label(name) for name in sites]
    if len(set(labels)) < len(labels):
        raise ValueError(
            f"phantom.sites are named {list(sites)}: expected names that differ without _"
        )
    having = [name for name, site in sites.items() if site.is_home or site.participants]
    for name, site in sites.items():
        if site.people_of is not None and site.people_of not in set(having) - {name}:
            raise ValueError(
                f"phantom.sites.{name}.people_of is {site.people_of!r}; expected another site "
                f"with people of its own: {', '.join(sorted(set(having) - {name}))}"
            )


def site_label(name):
    """Name of a site as a part of ids, which have no underscore.

    Examples
    --------
    >>> site_label("pet_b")
    'petb'
    """
    return name.replace("_", "")
