"""How good is a classifier, and how sure is that."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "auc": [
            "delong_difference",
            "delong_interval",
            "delong_test",
        ],
        "folds": [
            "fold_auc",
            "fold_difference",
        ],
        "bootstrap": [
            "bootstrap_interval",
            "mean_interval",
        ],
        "rates": [
            "diagnostic_rates",
            "share_interval",
            "youden_cutoff",
        ],
        "tables": [
            "confusion",
            "diagnostic_table",
            "right_decisions",
            "visits",
            "youden_cutoffs",
        ],
        "groups": [
            "chi_square_correct",
            "mann_whitney",
        ],
        "conformal": [
            "conformal_threshold",
            "prediction_sets",
            "set_summary",
        ],
    },
)
