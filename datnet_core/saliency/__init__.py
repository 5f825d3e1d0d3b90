"""Where a network looks: full gradients, maps, and the region they mark."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "decomposition": [
            "FullGradients",  # the terms of a logit
            "completeness_gap",  # how far they are from adding up to it
            "full_gradients",  # one logit per sample into terms
        ],
        "maps": [
            "layer_maps",  # part of a map that comes from each layer
            "maps_of_classes",  # many volumes into maps of every class
            "saliency_map",  # terms into maps
            "saliency_maps",  # many volumes into maps
        ],
        "region": [
            "dice",  # overlap of two regions
            "region_row",  # how much of a map lies in a region, and its peak
            "rescaled",  # a map from 0 to 1 in the brain
            "share_in_region",  # how much of each map lies in a region
            "top_region",  # the salient region, in four readings
            "top_voxels",  # of many maps at once
        ],
        "folds": [
            "cross_fitted_mean",  # mean map of the scans outside a fold
            "fold_correlations",  # whether folds agree
            "fold_maps",  # every scan by every fold model
        ],
        "layers": [
            "by_grid",  # what layers of one size add to the map
            "mean_layer_maps",  # mean map of each layer
        ],
    },
)
