"""A digital phantom of DAT PET: writes a data set, and knows its truth."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "numbers": [
            "read_calibration",
            "read_history",
            "read_published",
            "read_sources",
        ],
        "cohort": [
            "Cohort",
        ],
        "people": [
            "BINDING_COLUMNS",
            "CLINICAL_SCORES",
            "draw_participants",
        ],
        "scanner": [
            "read_scene",
            "render",
        ],
        "dataset": [
            "write_cohort",
        ],
        "truth": [
            "effect_maps",
            "largest_effect",
        ],
        "oracle": [
            "image_means",
            "measurement",
            "posterior",
        ],
        "published": [
            "beside_published",
            "pattern",
            "response",
        ],
        "spectrum": [
            "power_kept",
            "power_spectrum",
        ],
    },
)
