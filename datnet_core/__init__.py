"""Deep learning on 3D scans: a network, full-gradient saliency, and metrics."""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "settings": [
            "NetworkSettings",
            "TrainingSettings",
        ],
        "network": [
            "DATNet",
            "Ensemble",
            "build",
        ],
        "training": [
            "Scans",
            "fit",
            "load_model",
            "predict",
        ],
        "saliency": [
            "full_gradients",
            "saliency_maps",
            "top_region",
        ],
        "metrics": [
            "delong_interval",
            "diagnostic_table",
        ],
    },
)
