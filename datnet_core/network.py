"""DAT-Net: a 3D residual network that turns one PET volume into one logit per diagnosis.

Paper section "Deep Neural Network and its Interpretation" and Fig. 2; normalisation and
activation are open point A1. Every module is used once and every activation has its own,
so full gradients can be taken module by module.
"""

import torch
from torch import nn

NORMALISATIONS = {"batch": nn.BatchNorm3d, "instance": nn.InstanceNorm3d}


def convolution(n_in, n_out, kernel_size, stride, normalisation):
    """Convolution, normalisation and LeakyReLU; the normalisation carries the bias."""
    if normalisation not in NORMALISATIONS:
        raise ValueError(
            f"normalisation is {normalisation!r}; expected one of {', '.join(NORMALISATIONS)}"
        )
    return nn.Sequential(
        nn.Conv3d(n_in, n_out, kernel_size, stride, kernel_size // 2, bias=False),
        NORMALISATIONS[normalisation](n_out, affine=True),
        nn.LeakyReLU(0.01),
    )


class ResidualPair(nn.Module):
    """x + f(x), where f is two 3 x 3 x 3 convolutions with channel dropout between them."""

    def __init__(self, n_filters, normalisation, dropout):
        super().__init__()
        self.body = nn.Sequential(
            convolution(n_filters, n_filters, 3, 1, normalisation),
            nn.Dropout3d(dropout),
            convolution(n_filters, n_filters, 3, 1, normalisation),
        )

    def forward(self, x):
        """Feature maps of the same shape."""
        return x + self.body(x)  # (N, n_filters, X, Y, Z)


class DATNet(nn.Module):
    """Residual encoder, global average pooling, one linear layer.

    A 5 x 5 x 5 convolution of stride 2 and a max-pooling of stride 2, then `n_levels` encoder
    stacks; every stack but the first halves the grid and doubles the filters with a strided
    3 x 3 x 3 convolution, and each ends with a residual pair.

    Parameters
    ----------
    n_classes : int
        Number of diagnoses.
    n_filters : int
        Filters of the first stack; the paper's public configuration has 64.
    n_levels : int
        Number of encoder stacks; 4 in the paper.
    normalisation : {"batch", "instance"}
        Normalisation after each convolution (open point A1).
    dropout : float
        Share of channels dropped inside a residual pair.

    Notes
    -----
    Input x has shape (N, 1, X, Y, Z), the axes of nibabel (left to right, posterior to
    anterior, inferior to superior), values in uptake ratios. Output: logits (N, n_classes).

    Examples
    --------
    >>> DATNet(n_classes=5, n_filters=2, n_levels=2)(torch.zeros(3, 1, 13, 14, 15)).shape
    torch.Size([3, 5])
    """

    def __init__(self, n_classes, n_filters=16, n_levels=4, normalisation="batch", dropout=0.3):
        super().__init__()
        self.stem = convolution(1, n_filters, 5, 2, normalisation)
        self.pool = nn.MaxPool3d(3, 2, 1)
        stacks = [ResidualPair(n_filters, normalisation, dropout)]
        for level in range(1, n_levels):
            n_in, n_out = n_filters * 2 ** (level - 1), n_filters * 2**level
            stacks += [
                convolution(n_in, n_out, 3, 2, normalisation),
                ResidualPair(n_out, normalisation, dropout),
            ]
        self.encoder = nn.Sequential(*stacks)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool3d(1),
            nn.Flatten(),
            nn.Linear(n_filters * 2 ** (n_levels - 1), n_classes),
        )

    def forward(self, x):
        """Logits of a batch of volumes."""
        x = self.pool(self.stem(x))  # (N, n_filters, X / 4, Y / 4, Z / 4)
        return self.head(self.encoder(x))  # (N, n_classes)


def last_grid(shape, n_levels):
    """Voxels, 3 int, of the last feature map of an input of `shape`.

    Each of the `n_levels + 1` strides of 2 rounds up.
    """
    return tuple(-(-n // 2 ** (n_levels + 1)) for n in shape)


def last_linear(network):
    """Layer that makes the logits: the last `torch.nn.Linear` that a module declares."""
    return [module for module in network.modules() if isinstance(module, nn.Linear)][-1]


class MirrorImage(nn.Module):
    """Lets a network judge the mirror image; left and right are the first spatial axis.

    `in_use` is true while it does so, and `full_gradients` turns the terms of that time back.
    """

    AXIS = 2

    def __init__(self):
        super().__init__()
        self.in_use = False

    def forward(self, network, x):
        """What the network says of the mirror image of x."""
        self.in_use = True
        try:
            return network(x.flip(self.AXIS))
        finally:  # also after an interrupted cell or a lack of memory
            self.in_use = False


class Ensemble(nn.Module):
    """Mean logits of several networks, itself one network: its full gradients are complete too.

    With `both_sides` each network judges the mirror image as well. That the side which is worse
    says nothing about the diagnosis, a network learns only roughly from mirrored scans. How much
    worse it is can still count: both looks see both sides.
    """

    def __init__(self, networks, both_sides=False):
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.mirror = MirrorImage() if both_sides else None

    def forward(self, x):
        """Logits of a batch of volumes."""
        logits = [network(x) for network in self.networks]
        if self.mirror:
            logits += [self.mirror(network, x) for network in self.networks]
        return torch.stack(logits).mean(0)  # (N, n_classes)


def build(n_classes, network):
    """DAT-Net of given `NetworkSettings`: logits (N, n_classes) of volumes (N, 1, X, Y, Z).

    `network.resized_to` and `network.standardised` put two steps of the authors' public code in
    front, as modules, so that full gradients reach through them to the voxels of the study grid:
    linear interpolation to a fixed number of voxels, then each volume minus its mean, over its SD.
    """
    model = DATNet(
        n_classes, network.n_filters, network.n_levels, network.normalisation, network.dropout
    )
    first = []
    if network.resized_to:
        first.append(nn.Upsample(tuple(network.resized_to), mode="trilinear"))
    if network.standardised:
        first.append(nn.InstanceNorm3d(1))  # no parameters: the z-score of each volume
    return nn.Sequential(*first, model) if first else model
