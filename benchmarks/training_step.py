"""Speed of the training step, as ratios measured in one run; about five minutes on two cores.

    python benchmarks/training_step.py

Prints the floating-point rate of one training step of each recipe as a share of this machine's
float32 matrix product, where the time of the default recipe goes, the time per scan against
MONAI's resnet18 with its defaults at 2 mm, and the time of two folds side by side against one after
the other.
"""

import statistics
import subprocess
import sys
import time

import monai
import torch
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from datnet_core.network import build
from datnet_images.grid import field_of_view, study_grid
from datnet_study.study import read_study

N_CLASSES = 4


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


def step_of(model, shape, batch, layout=torch.channels_last_3d):
    """One training step on random volumes, as a function; and its floating-point operations."""
    model = model.to(memory_format=layout).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)  # as `epochs.adam`
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
        "torch.set_num_threads(int(sys.argv[1])); study = t.read_study('data_manifest/paper.yaml');"
        "model = t.build(t.N_CLASSES, study.network);"
        "step, _ = t.step_of(model, eval(sys.argv[2]), study.training.batch_size); step();"
        "start = time.perf_counter(); [step() for _ in range(25)];"
        "print(time.perf_counter() - start)"
    )

    def run(threads, n):
        command = [sys.executable, "-c", code, str(threads), repr(tuple(shape))]
        started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(n)]
        return max(float(process.communicate()[0]) for process in started)

    return run(1, 2) / (2 * run(2, 1))


def where_the_time_goes(step, n_shown=8):
    """Operations of a training step by their share of its time."""
    step()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
        for _ in range(5):
            step()
    events = sorted(profiler.key_averages(), key=lambda e: -e.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in events)
    for event in events[:n_shown]:
        share = event.self_cpu_time_total / total
        print(f"    {event.key:<44}{share:6.1%} of the time, {event.count // 5:4d} calls")


def convolution_rates(model, shape, batch, rate):
    """Rate of the forward pass of every convolution alone, beside its size."""
    found = {}

    def keep(name):
        def hook(_, inputs, output):
            found[name] = (inputs[0].detach(), output.shape)

        return hook

    convolutions = {n: m for n, m in model.named_modules() if isinstance(m, torch.nn.Conv3d)}
    for name, module in convolutions.items():
        module.register_forward_hook(keep(name))
    x = torch.rand(batch, 1, *shape).contiguous(memory_format=torch.channels_last_3d)
    with torch.inference_mode():
        model.eval()(x)
        inputs = dict(found)
        for name, module in convolutions.items():
            x, out = inputs[name]
            seconds = min(timed(lambda m=module, x=x: m(x)) for _ in range(10))
            n_weights = module.weight.numel()
            gflop = 2 * n_weights * out[0] * out[2] * out[3] * out[4] / 1e9
            grid = " x ".join(map(str, out[2:]))
            print(
                f"    {name:<22}{module.in_channels:4d} -> {module.out_channels:<4d} to {grid:<14}"
                f"{gflop:7.3f} GFLOP, {gflop / seconds / rate:5.0%} of the matrix product"
            )


def bare_step(threads):
    """Seconds of a training step of the default recipe, the median of many."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    study = read_study("data_manifest/paper.yaml")
    step, _ = step_of(build(N_CLASSES, study.network), _seen(study), study.training.batch_size)
    middle = statistics.median(timed(step) for _ in range(40))
    torch.set_num_threads(before)
    return middle


def _seen(study):
    """Shape of what the network sees, in voxels."""
    field = field_of_view(study.images.grid_mm, study.network.field_mm)
    return tuple(part.stop - part.start for part in field)


def training_rows(in_detail=False):
    """Rates and times of all recipes, as rows of `performance`; best of several steps each.

    In detail, where the time of the default recipe goes is printed as well.
    """
    torch.manual_seed(0)
    study = read_study("data_manifest/paper.yaml")
    fine, seen = study_grid(2.0)[1], _seen(study)
    whole = study_grid(study.images.grid_mm)[1]
    rate = matrix_rate()
    title = f"float32 matrix product, {torch.get_num_threads()} threads"
    yield "product.rate", title, rate, "GFLOP/s"
    resnet = monai.networks.nets.resnet18(spatial_dims=3, n_input_channels=1, num_classes=N_CLASSES)
    published = read_study("data_manifest/paper-published.yaml").network
    batch = study.training.batch_size
    cases = {
        "default": ("default recipe", build(N_CLASSES, study.network), seen, batch),
        "whole_head": ("default recipe, whole head", build(N_CLASSES, study.network), whole, 8),
        "published": ("published recipe, 2 mm", build(N_CLASSES, published), fine, 2),
        "resnet18": ("MONAI resnet18, 2 mm", resnet, fine, 1),
    }
    per_scan = {}
    for name, (title, model, shape, batch) in cases.items():
        layout = torch.contiguous_format if model is resnet else torch.channels_last_3d
        step, flops = step_of(model, shape, batch, layout)
        repeats = 20 if batch > 2 else 3
        per_scan[name] = min(timed(step) for _ in range(repeats)) / batch
        yield f"step.{name}.ms", title, 1000 * per_scan[name], "ms a scan"
        share = flops / per_scan[name] / 1e9 / rate
        yield f"step.{name}.rate", title, 100 * share, "% of the matrix product"
        if in_detail and name == "default":
            where_the_time_goes(step)
            convolution_rates(model, shape, batch, rate)
    for name, (title, *_) in cases.items():
        times = per_scan[name] / per_scan["default"]
        yield f"step.{name}.times", title, times, "times the default recipe, a scan"
    title = "two folds at once"
    yield "step.two_folds", title, two_at_once(seen), "of the time of one after the other"
    title = "matrix product at the end"
    yield "product.drift", title, matrix_rate() / rate, "of that at the beginning"


if __name__ == "__main__":
    for found in training_rows(in_detail=True):
        print("{}: {:.3g} {}".format(*found[1:]))
