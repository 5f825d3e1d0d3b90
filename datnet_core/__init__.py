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
            "DATNet",  # the paper's residual network
            "Ensemble",  # mean logits of several networks
            "build",  # a network from settings
        ],
        "training": [
            "Scans",  # volumes, labels, and who learns and stops
            "fit",  # train one network
            "load_model",  # read trained ones
            "predict",  # let them judge scans
        ],
        "saliency": [
            "full_gradients",  # one logit per sample into terms
            "saliency_maps",  # many volumes into maps
            "top_region",  # the salient region
        ],
        "metrics": [
            "delong_interval",  # AUC and its interval
        ],
    },
)
