"""Probabilities of scans from finished models.

Paper section "Deep Neural Network and its Interpretation"; open points A5 and A14.
"""

import numpy as np
import torch

from datnet_core.network import Ensemble, build, last_linear
from datnet_core.training.batches import batch
from datnet_core.training.checkpoint import read_config, read_tensors
from datnet_core.training.devices import device_of


def load_model(folder, network, accelerator="auto", only=None):
    """A finished model in evaluation mode.

    A model is the mean logit of `network.n_members` networks, each with an inner validation split
    of its own (bagging; Breiman 1996, doi:10.1007/BF00058655), and with `network.both_sides` of
    what each says of the scan and of its mirror image. `network.class_prior` says how common it
    takes a class to be: as among the scans that it learned from, or all equally. Where it learned
    otherwise (`training.balanced_classes`), Bayes' rule adds the log share of each class to its
    logits, or takes it away, in the last bias, so full gradients stay complete.

    Parameters
    ----------
    folder : Path
        Holds the networks `member-<j>`, written by `loop.fit`.
    network : NetworkSettings
    accelerator : {"auto", "cpu", "gpu"}
        As `training.accelerator`: where the model computes.
    only : int, optional
        Number of the one network to judge by, in place of the mean of all.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    FileNotFoundError
        If the model is not finished.
    ValueError
        If weights are damaged; the message names the file.
    RuntimeError
        If there is no accelerator where `gpu` asks for one.
    """
    device = device_of(accelerator)
    members = []
    for j in range(network.n_members) if only is None else [only]:
        config = read_config(folder / f"member-{j}")
        member = build(len(config["classes"]), network)
        weights, _ = read_tensors(folder / f"member-{j}" / "weights.safetensors")
        member.load_state_dict(weights)
        learned = "uniform" if config["training"]["balanced_classes"] else "cohort"
        if network.class_prior != learned:
            offset = _log_shares(config["class_counts"])
            _add_to_logits(member, offset if learned == "uniform" else -offset)
        members.append(member)
    model = Ensemble(members, network.both_sides)
    return model.eval().to(device, memory_format=torch.channels_last_3d)


def _log_shares(counts):
    """Log share of each class; one more scan of each, so that a class without any is rare."""
    shares = torch.tensor(counts, dtype=torch.float64) + 1
    return torch.log(shares / shares.sum())


@torch.no_grad()
def _add_to_logits(network, offset):
    """Add a number to each logit, in the last bias."""
    bias = last_linear(network).bias
    bias += offset.to(bias.dtype)


@torch.inference_mode()
def predict(model, volumes, rows, batch_size=16):
    """Softmax probabilities of scans.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode.
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios; a memory map is read batch by batch.
    rows : int ndarray of shape (n,)
        Scans to predict, `batch_size` at once.

    Returns
    -------
    ndarray of float64, shape (n, n_classes)
    """
    device = next(model.parameters()).device
    proba = [
        torch.softmax(model(batch(volumes, chunk).to(device)).double(), 1).cpu().numpy()
        for chunk in np.array_split(rows, max(1, -(-len(rows) // batch_size)))
    ]
    return np.concatenate(proba)


def predict_folds(folder, network, volumes, *, fold, accelerator="auto"):
    """Probabilities of scans, each from the model of its fold, which never saw it.

    Parameters
    ----------
    folder : Path
        Holds the models `fold-<k>`.
    network : NetworkSettings
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Uptake ratios.
    fold : int or float ndarray of shape (n_scans,)
        Fold of each scan; negative or NaN where the scan is in none.
    accelerator : {"auto", "cpu", "gpu"}
        As in `load_model`.

    Returns
    -------
    ndarray of float64, shape (n_in_a_fold, n_classes)
        Rows in the order of the scans that are in a fold.
    """
    rows = np.flatnonzero(fold >= 0)
    proba = {}
    for k in np.unique(fold[rows]).astype(int):
        held_out = np.flatnonzero(fold == k)
        model = load_model(folder / f"fold-{k}", network, accelerator)
        proba |= dict(zip(held_out.tolist(), predict(model, volumes, held_out), strict=True))
    return np.stack([proba[row] for row in rows.tolist()])
