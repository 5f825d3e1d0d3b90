"""The study: a table of scans and a YAML file, pages, figures, and the book."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "performance": [
            "auc_between_subsets",  # AUC of some scans minus that of others
            "auc_differences",  # AUCs of a classifier minus those of another
            "confusion",  # diagnosis against largest probability
            "diagnostic_table",  # AUC and rates of each diagnosis
            "right_decisions",  # whether the largest probability is right
            "visits",  # first scans, and both of those who have two
            "youden_cutoffs",  # cutoff of each diagnosis
        ],
        "costs": [
            "on_line",  # a value at a number of scans, between and beyond those measured
            "read_measured",  # what jobs took
        ],
        "binding_classifier": [
            "class_proba",  # binding ratios as a classifier of new scans
            "out_of_fold_proba",  # and of the scans of each fold
            "sides_unordered",  # features that are the same for the mirror image
        ],
        "yardsticks": [
            "by_method",  # the classifiers of a file
            "known_ages",  # to adjust ratios for age
            "with_proba",  # scans with a column for each class
            "yardstick_features",  # ratios as published, uneven, of more regions, for age
        ],
        "headline": [
            "pair_sentence",  # the network beside a mark, for two diagnoses
        ],
        "comparison": [
            "adjusted",  # P values for many tests
            "aucs_side_by_side",  # pairs of diagnoses, then each against the rest
            "decision_table",  # accuracy and mean sensitivity
            "decisions_apart",  # of two classifiers on the same scans
            "gains",  # AUCs of the first classifier minus those of the others
            "in_words",  # a diagnosis, or a pair of them, as a heading
            "pairs_of",  # diagnoses that occur
            "share_difference",  # of two sets of people, with an interval
        ],
        "performance_tables": [
            "accuracies",  # and mean sensitivities
            "decision_differences",  # with exact tests
            "gains_table",  # differences of AUCs, with P values
            "performance_of_parts",  # of a cohort, with what may be public
            "sensitivities",  # at the specificities of the paper
            "side_by_side",  # a row for each classifier, a column for each diagnosis
        ],
        "calibration": [
            "brier_score",
            "calibration_line",  # slope and intercept
            "fitted_temperature",
            "net_benefit",  # decision curve
            "referral",  # accuracy when the least sure are left to others
            "reliability",  # share that is right, by probability
            "with_temperature",
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
        "cohort_check": [
            "check_used",  # are those enough that the quality check leaves?
        ],
        "columns": [
            "ScanTable",  # where a scan table is, and how it is to be read
        ],
        "placed_scans": [
            "checked_scans",  # is each scan where it should be?
        ],
        "verdicts": [
            "read_verdicts",  # of a person
            "used_scans",  # those that do not fail, or pass by hand
            "verdicts_by_diagnosis",  # and how many are left out
            "with_verdicts",  # measured ones, unless a person says otherwise
        ],
        "native": [
            "normalise_scans",  # to MNI space, with transforms
        ],
        "operating_point": [
            "at_paper_specificity",  # sensitivity of each classifier
        ],
        "claims": [
            "published_interval",  # how sure a number of the paper can be
            "read_claims",
        ],
        "agreement": [
            "ALIKE",  # verdicts that say so
            "n_alike",  # how many claims are
            "compare",  # ours beside the paper's, with a verdict
            "counts",
            "together",  # verdict on two numbers of one decision
        ],
        "claims_view": [
            "claims_view",  # a table with colours
            "rules_view",  # what each verdict means
            "verdicts_in_words",
        ],
        "checklists": [
            "of_study",  # reporting items as they stand in one study
            "pages_named",  # by the items
            "read_checklists",
            "refuse_dead_keys",  # of results that no page has
        ],
        "checklists_view": [
            "items_counted",  # by guideline and status
            "items_in_words",
            "items_view",  # a table with links
        ],
        "flow_counts": [
            "flow_counts",  # from the table of scans to a verdict
        ],
        "methods_text": [
            "methods_text",  # the settings in sentences
        ],
        "subgroups": [
            "subgroup_table",  # accuracy and AUC of each
            "subgroups_of",  # by sex, age, duration, site
        ],
        "key_figure": [
            "auc_ladder",  # between two diagnoses, as pages have stored it
        ],
        "oracle_claims": [
            "ceilings",  # what a classifier that is told the true binding reaches
            "limits",  # beside the paper, where nothing can be above it
        ],
        "cohort_sizes": [
            "search",
            "split_in_proportion",
            "totals_by_controls",
        ],
        "evidence": [
            "Evidence",  # what regions are made from: maps of every class, and images
            "centre_distance",  # of voxels, for an ellipsoid in the box
            "explained",  # maps of all scans by every fold model
            "untrained_maps",  # and by networks that learned nothing
        ],
        "readings": [
            "PATTERN",
            "READINGS",  # sources of the region, from honest to circular
            "cross_fitted_maps",
            "diagnosis_maps",
            "measured_ratios",  # of all scans under each of them
            "pattern_scores",  # with weights in place of a region
        ],
        "salient_regions": [
            "whose_map",  # makes the region, in words
            "salient_regions",  # of every scan, under each source
        ],
        "ladder": [
            "beside",  # a difference of AUC in words
            "fold_separation",  # of scores that come from one network a fold
            "p_values",  # of many labellings at once
            "permuted_labels",  # within folds
            "reading_p_values",  # under every reading
            "retrained_rates",  # false positives where networks were trained anew
            "separation",  # AUC, effect size and P of two groups
            "separation_difference",  # of two numbers of the same scans
            "significant_share",
        ],
        "masking": [
            "is_small",  # whether a count points at few people
        ],
        "fold_tests": [
            "own_over_others",  # whether maps agree only on their own diagnosis
            "ratios_by_region",  # to a null, corrected for the number of regions
        ],
        "embedding": [
            "pooled_features",  # of scans, before the last layer
        ],
        "external": [
            "away_from_home",  # AUCs at other sites minus those at home
            "beside_paper",
            "needed_for_auc",  # participants of each diagnosis
        ],
        "late_fusion": [
            "LateFusionSettings",
            "fit_late_fusion",  # by a gate or by attention
            "without",  # values that nobody has
        ],
        "fusion": [
            "among",  # a classifier that may name some diagnoses only
            "cross_fitted",  # verdicts of fusions of the other folds
            "fit_fusion",
            "fit_logistic_fusion",  # to the same features
            "fusion_features",
            "fused_verdicts",  # of a fusion, the mean over networks
        ],
        "importance": [
            "importance_spread",  # three measures over draws of participants
            "importances",
        ],
        "learning_curve": [
            "auc_by_draw",  # of each diagnosis and each pair, and their means
            "over_draws",  # mean and range
            "passes_from",  # number of participants
        ],
        "recipes": [
            "compare_mean_auc",
            "cost",
            "differences",  # of the training of a recipe, in words
        ],
    },
)
