"""Networks and inputs at random, and terms by hand: for the tests of full gradients and maps."""

import torch
from torch import nn

from datnet_core.saliency.decomposition import FullGradients


class Zoo(nn.Module):
    """Residual network with many kinds of layer, declared in another order than called."""

    def __init__(self, n_axes, norm="batch", inplace=True, n_classes=3):
        super().__init__()

        def of(kind, *args, **kwargs):
            return getattr(nn, f"{kind}{n_axes}d")(*args, **kwargs)

        def norm_of(n_channels):
            return {
                "none": lambda: nn.Identity(),
                "batch": lambda: of("BatchNorm", n_channels),
                "batch, no affine": lambda: of("BatchNorm", n_channels, affine=False),
                "instance": lambda: of("InstanceNorm", n_channels, affine=True),
                "instance, tracked": lambda: of(
                    "InstanceNorm", n_channels, track_running_stats=True
                ),
                "group": lambda: nn.GroupNorm(2, n_channels),
            }[norm]()

        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(4 * 2**n_axes, 8),
            nn.GroupNorm(4, 8) if norm == "group" else nn.BatchNorm1d(8),
            nn.LeakyReLU(0.2, inplace),
            nn.Dropout(0.5),
            nn.Linear(8, n_classes),
        )
        self.adaptive = nn.Sequential(of("AdaptiveAvgPool", 2), nn.Identity())
        self.adaptive_max = of("AdaptiveMaxPool", 5)
        self.body = nn.Sequential(
            of("Conv", 4, 6, 3, padding=1, stride=2),
            norm_of(6),
            nn.LeakyReLU(0.1, inplace),
            of("Dropout", 0.3),
            of("Conv", 6, 4, 3, padding=1, bias=False),
            norm_of(4),
        )
        self.relu = nn.ReLU(inplace)
        self.twice = of("Conv", 4, 4, 3, padding=1)
        self.shortcut = nn.Sequential(of("Conv", 4, 4, 1, stride=2), nn.Sequential())
        self.stem = of("Conv", 1, 4, 3, padding=1)
        self.stem_norm = norm_of(4)
        self.avg_pool = of("AvgPool", 2, ceil_mode=True)
        self.max_pool = of("MaxPool", 3, 2, 1)

    def forward(self, x):
        x = self.max_pool(self.relu(self.stem_norm(self.stem(x))))
        shortcut = self.shortcut(x)
        y = self.body(x)
        y += shortcut
        y = self.relu(y)
        y = self.twice(self.relu(self.twice(y)))
        return self.head(self.adaptive(self.avg_pool(self.adaptive_max(y))))


def randomised(model, seed=0, dtype=torch.float64):
    """The model in eval mode with every parameter and running statistic drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            if tensor.is_floating_point():
                tensor.normal_(0, 0.5, generator=generator)
                if name.endswith("running_var"):
                    tensor.abs_().add_(0.3)
    return model.to(dtype).eval()


def batch(shape, seed=0, dtype=torch.float64):
    """Standard normal input plus one, so that no channel has a zero mean."""
    return 1 + torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def terms_of(logit, *terms):
    """FullGradients of one sample from nested lists of shape (C, *spatial)."""
    first, *others = (torch.tensor([term], dtype=torch.float32) for term in terms)
    return FullGradients(
        torch.tensor([logit]), first, {str(i): term for i, term in enumerate(others)}
    )
