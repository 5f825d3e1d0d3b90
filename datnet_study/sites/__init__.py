"""Scans of other sites: what a difference of devices does to classifiers, and what mends it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "who": [
            "groups_judged",  # people of each site
            "home_of",  # the site that networks learn at
            "setting_of",  # who teaches and who is judged
        ],
        "ratios": [
            "judged_by_ratios",  # binding ratios under each remedy
            "ratios_after_combat",  # as the home site would have them
        ],
        "remedies": [
            "NEEDS",  # what each remedy needs
            "judged_by_networks",  # networks under each remedy
            "learner_of",  # how they are made
        ],
        "shift": [
            "ratio_bias",  # of the same people at another site
            "saliency_shift",  # of the mean map
        ],
        "judged": [
            "judged_table",  # AUC, calibration, and differences to one remedy
        ],
        "combat": [
            "fit_combat",  # shift and scale of each site
            "harmonised",  # features without them
        ],
        "prior_shift": [
            "estimated_shares",  # of classes among unlabelled scans
            "with_shares",  # probabilities for other shares
        ],
        "resolution": [
            "degraded",  # copies as other cameras might make them
            "estimated_fwhm",  # resolution of the scans of a site
            "missing_fwhm",  # of the filter to a common one
            "filtered",  # by a Gaussian
        ],
        "parts": [
            "part_of_people",  # what is fitted on some judges others
        ],
        "trace": [
            "told_apart",  # whether a classifier knows the site
        ],
    },
)
