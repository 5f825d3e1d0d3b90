"""How good is a classifier, and how sure is that."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "auc": [
            "delong_difference",  # two scores of the same scans, with an interval
            "delong_interval",  # AUC and its interval
            "delong_test",  # P value of that difference
        ],
        "pairs": [
            "pairwise_auc",  # AUC between two of many diagnoses
            "pairwise_difference",  # and of one classifier minus another
        ],
        "folds": [
            "fold_auc",  # mean AUC over folds, with an interval for the procedure
            "fold_difference",  # the same for two scores
        ],
        "bootstrap": [
            "bootstrap_interval",  # AUC, participants resampled with all their scans
            "mean_interval",  # mean of one value per participant
        ],
        "rates": [
            "diagnostic_rates",  # sensitivity, specificity, PPV, NPV with Wilson intervals
            "share_interval",  # one share with its Wilson interval
            "youden_cutoff",  # the score that separates best
        ],
        "published": [
            "hanley_mcneil_interval",  # of a printed AUC, from group sizes
            "independent_difference",  # of two numbers from different people
        ],
        "groups": [
            "chi_square_correct",  # two sets of decisions
            "mann_whitney",  # one number between groups
            "mann_whitney_features",  # many numbers between groups at once
        ],
        "conformal": [
            "conformal_threshold",  # from scans that were never learned from
            "prediction_sets",  # all diagnoses above it
            "set_summary",  # how often they hold the right one
        ],
    },
)
