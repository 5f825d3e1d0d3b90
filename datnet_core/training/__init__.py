"""Train networks, keep them, and let them judge scans."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "plan": [
            "VARIANTS",
            "TeachingRows",
            "curve_model",
            "drawn_rows",
            "judged_rows",
            "model_names",
            "teachers",
        ],
        "batches": [
            "Scans",
        ],
        "loop": [
            "fit",
        ],
        "checkpoint": [
            "read_config",
        ],
        "prediction": [
            "load_model",
            "predict",
            "predict_folds",
        ],
        "provenance": [
            "environment",
        ],
    },
)
