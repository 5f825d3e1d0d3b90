"""Scans of several hospitals: how a network of one of them judges those of another."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "transfer": [
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
        "degraded": [
            "degraded",  # scans as a coarser and noisier camera might have made them
        ],
        "site_features": [
            "pooled_features",  # what a network has in front of its last layer
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
    },
)
