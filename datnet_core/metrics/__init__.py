"""How good is a classifier, and how sure is that."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "auc": [
            "delong_difference",  # two scores of the same scans, with an interval
            "delong_error",  # the same with its standard error
            "delong_interval",  # AUC and its interval
            "delong_test",  # P value of that difference
        ],
        "pairs": [
            "pairwise_auc",  # AUC between two of many diagnoses
            "pairwise_scores",  # what it is the area of
        ],
        "folds": [
            "fold_auc",  # mean AUC over folds, with an interval for the procedure
            "fold_difference",  # the same for two scores
            "fold_ratio",  # of any two numbers of each fold
        ],
        "bootstrap": [
            "bootstrap_interval",  # AUC, participants resampled with all their scans
            "group_mean_interval",  # mean over groups, such as the mean sensitivity
            "mean_interval",  # mean of one value per participant
        ],
        "rates": [
            "diagnostic_rates",  # sensitivity, specificity, PPV, NPV with Wilson intervals
            "share_interval",  # one share with its Wilson interval
            "youden_cutoff",  # the score that separates best
        ],
        "groups": [
            "chi_square_correct",  # two sets of decisions
            "mann_whitney",  # one number between groups
            "mann_whitney_features",  # many numbers between groups at once
            "mcnemar_exact",  # two decisions on the same scans
            "rank_sum_p",  # many tests, with gaps
        ],
        "conformal": [
            "conformal_sets",  # from scores of scans that were never learned from
            "set_summary",  # how often they hold the right one
        ],
    },
)
