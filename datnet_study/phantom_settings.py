"""The group `phantom` of a study file: who is simulated, and at which sites.

Its numbers are in `data_manifest/phantom.yaml`.
"""

from collections import Counter
from dataclasses import fields
from typing import Annotated

from pydantic import Field

from datnet_phantom.cohort import Cohort, Site, check_sites
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_study.settings import Certainty, Count, Section
from datnet_study.site_roles import BOTH, certainty_at

OWN_SCANS = {"table", "sheet", "columns", "values", "split"}  # keys that a phantom cannot have
Numbers = Annotated[str, Field(pattern=r"^phantom[A-Za-z0-9._-]*\.yaml$")]
SiteName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class SiteOfPhantom(Section):
    """One site: what differs from `phantom`, of the scanner, the tracer, or the people.

    A site with neither `participants` nor `people_of` is the home site: its people are those of
    `phantom.participants`. `people_of` images the people of certainty `confirmed` of another site
    here once more.
    """

    scanner: dict[str, float] = {}
    numbers: Numbers | None = None
    participants: dict[Certainty, dict[str, Count]] = {}
    people_of: str | None = None

    @property
    def site(self):
        """What the generator of the phantom is given."""
        return Site(self.participants, self.people_of)


class Phantom(Section):
    """Size, seed and labels of the digital phantom cohort, and the numbers it is made with.

    `numbers` is a file of `data_manifest/`, one for each tracer; `scanner` replaces some of its
    numbers of the scanner. `sites` says which hospitals there are, by name. The best possible
    classifier measures the scanner of `scanner` with `oracle_scans` phantom scans of its own.
    """

    seed: Count = 2022
    participants: dict[Certainty, dict[str, Count]]
    follow_ups: Count = 0
    mislabelled: dict[Certainty, Annotated[float, Field(ge=0, lt=1)]] = {
        "possible": 0.25,
        "definite": 0.02,
        "confirmed": 0.0,
    }
    identical_patients: bool = False
    numbers: Numbers = "phantom.yaml"
    scanner: dict[str, float] = {}
    sites: dict[SiteName, SiteOfPhantom] = {}
    oracle_scans: Annotated[int, Field(gt=len(BINDING_COLUMNS))] = 160

    @property
    def cohort(self):
        """What the generator of the phantom is given: this section without the numbers."""
        return Cohort(**{key.name: getattr(self, key.name) for key in fields(Cohort)})

    def people(self, roles):
        """Number of people by certainty and diagnosis, those of all sites, each once.

        `roles` says what each site is for (`sites` of the study file).
        """
        found = Counter()
        for site, certainty, sizes in self._groups():
            counts = certainty_at(certainty, roles.get(site, BOTH))
            if counts is not None:
                found.update({(counts, name): n for name, n in sizes.items() if n})
        return dict(found)

    def _groups(self):
        """Site, certainty and sizes of each group of people; those of the home site first."""
        home = next((name for name, own in self.sites.items() if own.site.is_home), None)
        for site, place in ((home, self), *self.sites.items()):
            for certainty, sizes in place.participants.items():
                yield site, certainty, sizes

    def numbers_of(self, site):
        """File of the numbers of a site, and what replaces numbers of its scanner."""
        own = self.sites[site]
        if own.numbers:  # with a scanner of its own
            return own.numbers, own.scanner
        return self.numbers, self.scanner | own.scanner

    @property
    def number_files(self):
        """Files with the numbers of all sites, each once."""
        others = (site.numbers for site in self.sites.values() if site.numbers)
        return list(dict.fromkeys([self.numbers, *others]))

    def check(self, diagnoses, space, given, roles=()):
        """Refuse groups that are no diagnosis, follow-ups of nobody, and keys for real scans."""
        if own := sorted(given & OWN_SCANS):
            raise ValueError(f"a phantom has no {own}; these are for `dataset` (your scans)")
        if space == "native":
            raise ValueError(
                "images.space is native, and a phantom lies in MNI space: leave it out"
            )
        groups = {name for *_, sizes in self._groups() for name in sizes}
        if extra := sorted(groups - set(diagnoses)):
            raise ValueError(f"phantom.participants names {extra}, not in {diagnoses}")
        if self.sites:
            check_sites({name: site.site for name, site in self.sites.items()})
        if roles and not self.sites:
            raise ValueError("sites says what sites are for, and phantom.sites has none: add them")
        if roles and set(roles) != set(self.sites):
            raise ValueError(
                f"sites names {sorted(roles)}; expected each of phantom.sites once: "
                f"{sorted(self.sites)}"
            )
        confirmed = sum(self.participants.get("confirmed", {}).values())
        if self.follow_ups > confirmed:
            raise ValueError(
                f"phantom.follow_ups is {self.follow_ups}, expected at most the "
                f"{confirmed} participants of certainty 'confirmed'"
            )
