"""Figures of the pages, each a function that returns a matplotlib figure."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "style": [
            "colours",
        ],
        "cohort": [
            "plot_flow",
        ],
        "calibration": [
            "plot_net_benefit",
            "plot_referral",
            "plot_reliability",
        ],
        "groups": [
            "feature_words",
            "plot_feature_counts",
            "plot_feature_effects",
            "plot_group_boxes",
        ],
        "performance": [
            "plot_importances",
            "plot_interval_panels",
            "plot_learning_curves",
            "plot_rates",
        ],
        "reporting": [
            "plot_items",
            "plot_test_flow",
        ],
        "roc": [
            "plot_confusion",
            "plot_roc_curves",
        ],
        "ladder": [
            "plot_ladder",
            "plot_ladder_differences",
            "plot_region_shift",
        ],
        "learning_curve": [
            "plot_auc_by_size",
        ],
        "pretraining": [
            "plot_pretraining",
        ],
        "key_figure": [
            "plot_key_figure",
        ],
        "recipes": [
            "plot_auc_against_cost",
            "plot_auc_by_time",
            "plot_candidates",
            "plot_costs",
        ],
        "saliency": [
            "plot_completeness",
            "plot_detectors",
            "plot_over_threshold",
            "plot_perturbation",
            "plot_precision_recall",
            "plot_randomisation",
            "plot_region_sizes",
        ],
        "brain": [
            "plot_effect_maps",
            "plot_layer_maps",
            "plot_montage",
            "plot_saliency_maps",
            "view_saliency_maps",
        ],
        "viewers": [
            "view_scans",
        ],
        "strips": [
            "plot_maps_beside",
            "plot_region_strip",
            "plot_uptake_strip",
        ],
        "scan_strip": [
            "plot_scan_strip",
        ],
        "contours": [
            "plot_contours",
        ],
        "placing": [
            "plot_among",
        ],
        "phantom": [
            "plot_beside_published",
            "plot_power_spectra",
        ],
    },
)
