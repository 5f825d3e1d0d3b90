"""Whether a saliency map is to be believed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "methods": [
            "METHODS",  # label to Method
            "attribution",  # map of each scan by one of them
        ],
        "deletion": [
            "curve_area",  # area under such a curve
            "perturbation_curves",  # probability while voxels are deleted or inserted
        ],
        "randomised": [
            "blocks",  # the parts of a model, in order
            "cascade",  # the model with ever more of them randomised
            "rank_correlation",  # of two maps of each scan
            "untrained_model",  # weights as they were drawn
        ],
        "detection": [
            "average_precision",  # a map as a detector of true differences
            "pointing_game",  # whether its highest voxel truly differs
        ],
    },
)
