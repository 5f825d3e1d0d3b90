"""Speed of a whole fit, and what it takes to start one; a minute on one core.

    python benchmarks/whole_fit.py [STEPS]

With a number of steps, it fits the default recipe to random volumes of the study's field of view
and prints the seconds inside; without, it prints the rows of `performance.py`: a fit started warm
and cold (see `datnet_study/warm.py`), and a step of a whole fit, with augmentation, averaging and
checkpoints, against the bare training step.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
STEPS = 200
HOW = {"warm": "forked from one that has the libraries", "cold": "of its own"}
N_SCANS = 128  # as in a fold of the study `demo`


def fitted(n_steps):
    """Seconds of training of a fit of some steps, inside its process."""
    from datnet_core.training.batches import Scans
    from datnet_core.training.loop import fit
    from datnet_images.grid import field_of_view
    from datnet_study.study import read_study

    study = read_study("data_manifest/paper.yaml")
    field = field_of_view(study.images.grid_mm, study.network.field_mm)
    shape = [part.stop - part.start for part in field]
    rng = np.random.default_rng(0)
    volumes = rng.random((N_SCANS, *shape), dtype=np.float32)
    n_classes = len(study.diagnoses)
    scans = Scans(volumes, np.arange(N_SCANS) % n_classes, np.arange(N_SCANS), np.arange(0))
    training = replace(study.training, max_steps=n_steps, max_epochs=None)
    with tempfile.TemporaryDirectory() as folder:
        given = {"network": study.network, "training": training}
        record = fit(Path(folder) / "member-0", scans, study.diagnoses, **given)
    return record["seconds"], record["n_epochs"] * (N_SCANS // training.batch_size)


def fit_rows():
    """Start of a fit, and its steps against the bare one; see `performance`."""
    from training_step import bare_step

    from datnet_study.execute import OURS
    from datnet_study.warm import ADDRESS, serving

    def run(environment, n_steps):
        line = [sys.executable, "-m", "datnet_study.warm", "whole_fit", str(n_steps)]
        options = {"cwd": HERE, "capture_output": True, "text": True, "check": True}
        done = subprocess.run(line, env=environment, **options)
        return map(float, done.stdout.split())

    with serving(OURS) as environment:
        environment |= {"OMP_NUM_THREADS": "1"}
        cold = environment | {ADDRESS: "/nowhere"}
        seconds = {}
        for how, where in (("warm", environment), ("cold", cold)):
            for _ in range(3):
                begin = time.perf_counter()
                trained, _ = run(where, 1)
                passed = time.perf_counter() - begin - trained
                seconds[how] = min(seconds.get(how, passed), passed)
        bare = bare_step(threads=1)
        trained, n_steps = run(environment, STEPS)
    for name, how in HOW.items():
        yield f"fit.{name}", f"all but training, in a process {how}", seconds[name], "s"
    title = "a step of a whole fit"
    yield "fit.step_ms", title, 1000 * trained / n_steps, "ms on one core"
    yield "fit.step", title, trained / n_steps / bare, "bare training steps"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(*fitted(int(sys.argv[1])))
    else:
        for found in fit_rows():
            print("{}: {:.3g} {}".format(*found[1:]))
