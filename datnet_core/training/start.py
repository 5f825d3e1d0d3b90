"""Start a network from the weights of another one, whose classes may be others."""

import json

import torch

from datnet_core.network import last_linear
from datnet_core.training.checkpoint import of_one_network, read_config, read_tensors

FREE = ("dropout",)  # has no weights


def other_layout(config, network):
    """Settings in which the network of finished weights differs from one to be trained.

    Parameters
    ----------
    config : dict
        Content of `config.json` beside the weights.
    network : NetworkSettings

    Returns
    -------
    dict of str to tuple
        By name of the setting: what it is, and what it was where the weights were made.
    """
    wanted = json.loads(json.dumps(of_one_network(network)))  # tuples as lists, as in the file
    made = config["network"]
    return {
        name: (value, made.get(name))
        for name, value in wanted.items()
        if name not in FREE and value != made.get(name)
    }


def take_weights(model, start, classes, network):
    """Give a network the weights of another one.

    Where both have the same classes, in any order, all layers are taken. Otherwise the last linear
    layer keeps its own weights, for its outputs mean something else.

    Parameters
    ----------
    model : torch.nn.Module
        Output of `network.build`; changed.
    start : Path
        Folder of a finished model.
    classes : sequence of str
        Of the network to be trained, in the order of its logits.
    network : NetworkSettings
        Of the network to be trained.

    Raises
    ------
    FileNotFoundError, ValueError
        If the model to start from is not finished or its files are damaged; if it has another
        layout: names each setting, what it is and what was expected.
    """
    config = read_config(start)
    if other := other_layout(config, network):
        found = "; ".join(f"network.{k} is {v!r}, expected {w!r}" for k, (v, w) in other.items())
        raise ValueError(f"{start} holds weights of another network: {found}")
    tensors, _ = read_tensors(start / "weights.safetensors")
    own, known, last = model.state_dict(), config["classes"], last_linear(model)
    (place,) = (name for name, module in model.named_modules() if module is last)
    for name in (f"{place}.weight", f"{place}.bias"):
        if set(known) == set(classes):
            tensors[name] = torch.stack([tensors[name][known.index(c)] for c in classes])
        else:
            tensors[name] = own[name]
    model.load_state_dict(tensors)
