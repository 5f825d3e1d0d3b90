"""Speed of the training step, as ratios measured in one run; about five minutes on two cores.

    python benchmarks/training_step.py

Prints the floating-point rate of one training step of each recipe as a share of this machine's
float32 matrix product, the time per scan against MONAI's resnet18 with its defaults at 2 mm, and
the time of two folds side by side against one after the other.
"""

import subprocess
import sys
import time

import monai
import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from datnet_core import network
from datnet_core.study import Network, read_study
from datnet_core.volumes import field_of_view, study_grid

BATCH, N_CLASSES = 8, 4


def matrix_rate(n=2048, repeats=8):
    """Best GFLOP/s of a float32 product of two square matrices."""
    a, b = torch.rand(n, n), torch.rand(n, n)
    best = min(timed(lambda: a @ b) for _ in range(repeats))
    return 2 * n**3 / best / 1e9


def timed(call):
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def step_of(model, shape, batch=BATCH, layout=torch.channels_last_3d):
    """One training step on random volumes, as a function; and its floating-point operations."""
    model = model.to(memory_format=layout).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    x = torch.rand(batch, 1, *shape).contiguous(memory_format=layout)
    y = torch.arange(batch) % N_CLASSES

    def step():
        loss = cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    with FlopCounterMode(display=False) as counter:
        step()
    return step, counter.get_total_flops() / batch


def two_at_once(shape):
    """Seconds of two processes of one thread side by side, over those of one of two threads."""
    code = (
        "import sys, time, torch; sys.path.insert(0, 'benchmarks'); import training_step as t;"
        "torch.set_num_threads(int(sys.argv[1]));"
        "step, _ = t.step_of(t.network.build(4, t.Network()), eval(sys.argv[2])); step();"
        "start = time.perf_counter(); [step() for _ in range(40)];"
        "print(time.perf_counter() - start)"
    )

    def run(threads, n):
        command = [sys.executable, "-c", code, str(threads), repr(tuple(shape))]
        started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(n)]
        return max(float(process.communicate()[0]) for process in started)

    return run(1, 2) / (2 * run(2, 1))


def main():
    """Measure everything in turn, each as the best of several steps."""
    torch.manual_seed(0)
    study = read_study("data_manifest/paper.yaml")
    fine = study_grid(2.0)[1]
    field = field_of_view(study.images.grid_mm, study.network.field_mm)
    seen = tuple(part.stop - part.start for part in field)
    whole = study_grid(study.images.grid_mm)[1]
    rate = matrix_rate()
    print(f"float32 matrix product: {rate:.0f} GFLOP/s on {torch.get_num_threads()} threads")
    resnet = monai.networks.nets.resnet18(spatial_dims=3, n_input_channels=1, num_classes=N_CLASSES)
    published = Network(n_filters=64, normalisation="instance")
    cases = {
        "default recipe": (network.build(N_CLASSES, study.network), seen, BATCH),
        "default recipe, whole head": (network.build(N_CLASSES, study.network), whole, BATCH),
        "published recipe, 96 x 96 x 96": (network.build(N_CLASSES, published), (96,) * 3, 2),
        "MONAI resnet18, 2 mm": (resnet, fine, 1),
    }
    per_scan = {}
    for name, (model, shape, batch) in cases.items():
        layout = torch.contiguous_format if "MONAI" in name else torch.channels_last_3d
        step, flops = step_of(model, shape, batch, layout)
        repeats = 20 if batch == BATCH else 3
        per_scan[name] = min(timed(step) for _ in range(repeats)) / batch
        share = flops / per_scan[name] / 1e9 / rate
        print(
            f"{name}: {1000 * per_scan[name]:.1f} ms per scan, {flops / 1e9:.2f} GFLOP per scan, "
            f"{share:.0%} of the matrix product"
        )
    default, *others = per_scan
    for name in others:
        print(f"{name} against the {default}: {per_scan[name] / per_scan[default]:.0f} times")
    print(f"two folds at once against one after the other: {two_at_once(seen):.2f} of the time")
    print(f"matrix product again: {np.round(matrix_rate())} GFLOP/s (drift of the machine)")


if __name__ == "__main__":
    main()
