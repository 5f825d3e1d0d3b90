"""Where a network looks: full gradients, maps, and the region they mark."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "decomposition": [
            "FullGradients",
            "completeness_gap",
            "full_gradients",
        ],
        "maps": [
            "layer_maps",
            "saliency_map",
            "saliency_maps",
        ],
        "region": [
            "dice",
            "region_row",
            "rescaled",
            "share_in_region",
            "top_region",
        ],
        "folds": [
            "cross_fitted_mean",
            "fold_correlations",
            "fold_maps",
        ],
        "layers": [
            "by_grid",
            "mean_layer_maps",
        ],
    },
)
