"""The study: a table of scans and a YAML file, pages, figures, and the book."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "performance": [
            "confusion",  # diagnosis against largest probability
            "diagnostic_table",  # AUC and rates of each diagnosis
            "right_decisions",  # whether the largest probability is right
            "visits",  # first scans, and both of those who have two
            "youden_cutoffs",  # cutoff of each diagnosis
        ],
        "binding_classifier": [
            "class_proba",  # binding ratios as a classifier of new scans
            "out_of_fold_proba",  # and of the scans of each fold
            "sides_unordered",  # features that are the same for the mirror image
        ],
        "networks": [
            "fold_models",  # of a study, fold 0 first
            "teachers_of",  # rows that teach and stop one network
            "train_missing",  # finished ones are kept
        ],
        "page": [
            "Page",
            "open_page",
        ],
        "study": [
            "Study",
            "read_study",
        ],
        "scans": [
            "assign_folds",
            "keep_draw",  # who is drawn for the blind test
            "read_scans",
        ],
        "cached_scans": [
            "cache_scans",  # all scans of a study in one array on disk
        ],
        "repeated": [
            "refuse_repeated",  # one image in two rows
        ],
        "columns": [
            "ScanTable",  # where a scan table is, and how it is to be read
        ],
        "native": [
            "normalise_scans",  # to MNI space, with transforms and verdicts
            "verdicts_by_diagnosis",  # how many pass, are to be looked at, or fail
        ],
        "claims": [
            "compare",
            "counts",
            "read_claims",
        ],
        "cohort_sizes": [
            "search",
            "split_in_proportion",
            "totals_by_controls",
        ],
        "fusion": [
            "fit_fusion",
            "fusion_features",
            "importances",
        ],
        "recipes": [
            "compare_mean_auc",
            "cost",
        ],
    },
)
