"""The jobs of a study that are not done, by Snakemake, with processes that start warm."""

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

from datnet_study.ready import ready_study
from datnet_study.warm import serving

FEW = 4  # jobs that together start as fast as the server that they would start from


def run_workflow(study, n_missing, options=()):
    """Run the jobs of a study that are not done.

    Parameters
    ----------
    study : Study
    n_missing : int
        How many they are.
    options : sequence of str
        For Snakemake; what stands behind its `--` are jobs, in place of all.

    Returns
    -------
    int
        Exit code of Snakemake, 0 if every job is done.

    Raises
    ------
    FileNotFoundError, ValueError
        As `ready_study`, before anything runs.
    """
    command = [Path(sys.executable).with_name("snakemake"), "--workflow-profile", "profiles/local"]
    command += ["--config", f"study={study.source}", *options]
    with _server() if n_missing > FEW else nullcontext() as environment:
        ready_study(study.source)
        return subprocess.run(command, env=environment, check=False).returncode


def _server():
    """The server of jobs and kernels, whose libraries find what they find in a page."""
    from datnet_study.execute import OURS  # a second of imports

    return serving(OURS)
