"""Scans of other sites: what a difference of devices does to classifiers, and what mends it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "transfer": [  # to a site of which no diagnosis is known
            "ADVERSARIAL",
            "DEGRADED",  # what every row is set beside
            "LABELLED",
            "ROWS",  # of the table, from no adaptation to labels of the site
            "SOURCE",
            "STILL",
            "SiteRecipe",  # how the networks are made
            "TwoSites",  # scans to learn from, to look at, and to judge
            "judged_side_by_side",  # each row trains a network, which judges
        ],
        "adversarial": [
            "GradientReversal",
            "train_adversarial",  # labelled scans of one site, unlabelled ones of another
        ],
        "spect_like": [
            "spect_like",  # PET scans as a SPECT camera might have made them
        ],
        "site_features": [
            "with_statistics_of",  # batch norms of another site
        ],
        "site_shares": [
            "EQUAL",
            "UNEQUAL",
            "drawn_with_shares",  # people, so that diagnoses are as common as asked for
            "shares_of",
        ],
        "site_roles": [
            "ROLES",
            "site_roles",  # who teaches, who is looked at, who is judged
        ],
        "transfer_table": [
            "transfer_table",  # each row beside one of them, over participants
        ],
        "adaptation_choice": [
            "chosen_adaptation",  # weight and length, from made-up sites
        ],
        "who": [
            "OWN",  # people that only another site has
            "groups_judged",  # people of each site
            "home_of",  # the site that networks learn at
            "setting_of",  # who teaches and who is judged
        ],
        "regional_features": [
            "after_combat",  # features as the home site would have them
            "judged_by_radiomics",  # radiomic features under each remedy
            "judged_by_ratios",  # binding ratios under each remedy
            "radiomic_features",  # of those who teach and who are judged
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
            "degraded_copies",  # copies as other cameras might make them
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
