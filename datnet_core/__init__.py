"""Deep learning on 3D scans: a network, full-gradient saliency, and metrics.

From arrays to a trained network, its AUC on scans that it has not seen, and a map of where it
looks; patients, here, are bright in one corner:

>>> from pathlib import Path
>>> from tempfile import mkdtemp
>>> import numpy as np
>>> from datnet_core import NetworkSettings, Scans, TrainingSettings
>>> from datnet_core import delong_interval, fit, load_model, predict, saliency_maps

>>> patient = np.arange(80) % 2
>>> volumes = np.random.default_rng(0).normal(1, 0.2, (80, 12, 12, 12)).astype(np.float32)
>>> volumes[patient == 1, :6, :6, :6] += 1
>>> learn, stop, new = np.split(np.arange(80), [48, 60])
>>> network = NetworkSettings(n_filters=4, n_levels=2, n_members=1, both_sides=False)
>>> training = TrainingSettings(max_epochs=3, batch_size=4, learning_rate=0.01, flips=False)
>>> folder, scans = Path(mkdtemp()), Scans(volumes, patient, learn, stop)
>>> names = ("control", "patient")
>>> record = fit(folder / "member-0", scans, names, network=network, training=training)
>>> model = load_model(folder, network)
>>> auc, low, high = delong_interval(patient[new] == 1, predict(model, volumes, new)[:, 1])
>>> maps, gaps = saliency_maps(model, volumes[new], patient[new])
>>> bool(auc > 0.9), bool(maps[:, :6, :6, :6].mean() > maps.mean())
(True, True)
"""

import lazy_loader

__version__ = "0.2.0"

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
