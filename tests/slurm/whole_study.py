"""A whole study on a real Slurm: `make test-slurm`, as root; half an hour on two cores.

Runs the study `smoke` here and on the single node that `single_node.sh` starts, and compares the
predictions to the byte. Then it trains longer networks, whose first job is ended by its time limit,
restarts the daemon of the node in the middle, and wants the study to finish all the same.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
NETWORK = "models/pretrain/member-0"
LONG = {"max_steps": 25000, "max_epochs": None, "early_stopping_on": "none"}
FIT = "fit_pretrain_member_0"  # the pre-training of a study


def study_file(folder, name, **changes):
    """The study `smoke` under another name, so that no result of it counts as done."""
    settings = yaml.safe_load((ROOT / "data_manifest/smoke.yaml").read_text())
    for key, value in changes.items():
        settings[key] = settings.get(key, {}) | value if isinstance(value, dict) else value
    path = Path(folder) / f"{name}.yaml"
    path.write_text(yaml.safe_dump(settings | {"name": name}))
    shutil.rmtree(ROOT / "results" / name, ignore_errors=True)
    return path


def run(study, profile, *options):
    """Run a study; it has to end with 0."""
    line = [sys.executable, "-m", "datnet_study.run", "study", "--profile", profile, study]
    begin = time.monotonic()
    if profile == "slurm":  # which keeps no accounts here, so `sacct` knows nothing
        options = ["--slurm-status-command", "squeue", *options]
    line += ["--", *options] if options else []
    subprocess.run(line, cwd=ROOT, check=True, timeout=3000)
    print(f"{profile} ended with 0 after {(time.monotonic() - begin) / 60:.1f} min", flush=True)


def predictions(name):
    """Hash of every table of predictions of a study."""
    folder = ROOT / "results" / name / "predictions"
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.tsv"))
    }


def same_bytes(folder):
    """Predictions of Slurm and of this machine are the same files."""
    found = {}
    for profile in ("local", "slurm"):
        name = f"smoke-{profile}"
        run(study_file(folder, name), profile)
        found[profile] = predictions(name)
    if found["local"] != found["slurm"] or not found["local"]:
        raise AssertionError(f"predictions differ, or there are none: {found}")
    print(f"same bytes in {len(found['local'])} tables of predictions", flush=True)


def restarted():
    """Restart the daemon of the node while a network trains."""
    time.sleep(50)
    subprocess.run(["pkill", "-x", "slurmd"], check=True)
    time.sleep(3)
    subprocess.run(["slurmd"], check=True)
    print("the daemon of the node was restarted", flush=True)


def stopped_and_finished(folder):
    """A job that its time limit ends is done again and goes on where it was."""
    study = study_file(folder, "smoke-limit", training=LONG, protocols=[], recipes={})
    disturbance = threading.Thread(target=restarted)
    disturbance.start()
    limit = ["--set-resources", f"{FIT}:runtime=1", "--retries", "20"]
    run(study, "slurm", *limit, "--", FIT)
    disturbance.join()
    said = subprocess.run(
        ["scontrol", "--oneliner", "show", "job"], capture_output=True, text=True, check=True
    )
    ends = [word.partition("=")[2] for word in said.stdout.split() if word.startswith("JobState=")]
    if "TIMEOUT" not in ends:
        raise AssertionError(f"no job was ended by its time limit: {ends}")
    config = json.loads((ROOT / "results/smoke-limit" / NETWORK / "config.json").read_text())
    ended = ends.count("TIMEOUT")
    print(f"finished: {ended} job(s) ended by the limit, {config['n_epochs']} epochs", flush=True)


def main():
    """Start Slurm and run both checks."""
    subprocess.run([ROOT / "tests/slurm/single_node.sh"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        same_bytes(folder)
        stopped_and_finished(folder)


if __name__ == "__main__":
    main()
