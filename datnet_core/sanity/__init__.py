"""Whether a saliency map is to be believed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "methods": [
            "METHODS",
            "attribution",
        ],
        "deletion": [
            "curve_area",
            "perturbation_curves",
        ],
        "randomised": [
            "blocks",
            "cascade",
            "rank_correlation",
        ],
        "detection": [
            "average_precision",
            "pointing_game",
        ],
    },
)
