"""What the reader of any page has to know about the scans and the networks of a study."""

SIMULATED = (
    " Its networks started from weights that were trained on simulated people "
    "(training.pretrain_on), with assumed patterns of the diseases: what they find may in part be "
    "what was put in."
)


def notice_of(study, public=False):
    """A paragraph of plain text.

    Parameters
    ----------
    study : Study
    public : bool
        Whether it leaves out where the scans lie on the machine.

    Returns
    -------
    str
    """
    started = SIMULATED if study.training.starts_simulated else ""
    if study.phantom:
        return (
            f"Study {study.name}, {study.title}: every scan here is a digital phantom, "
            "made by a computer. No number of it was measured in a person, and none of "
            f"them can confirm or refute a clinical claim of the paper.{started}"
        )
    place = "" if public else f" Scans of {study.dataset}."
    return f"Study {study.name}: {study.title}.{place}{started}"
