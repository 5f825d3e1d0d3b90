"""From PET images and an atlas to arrays, binding ratios and radiomic features."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "atlas": [
            "Atlas",
            "read_atlas",
            "region_fractions",
            "region_mask",
            "region_mask_on",
            "region_table",
        ],
        "grid": [
            "field_of_view",
            "in_full_grid",
            "study_grid",
        ],
        "volumes": [
            "cache_volumes",
            "load_volume",
            "read_scan",
            "to_grid",
            "uptake_ratio",
        ],
        "binding": [
            "BINDING_FEATURES",
            "binding_ratio",
            "own_region_means",
            "region_means",
            "regional_binding",
        ],
        "classifier": [
            "class_proba",
            "out_of_fold_proba",
            "sides_unordered",
        ],
        "radiomics": [
            "extract_features",
            "feature_table",
        ],
    },
)
