"""The jobs of a study that are not done, by Snakemake.

Here they start warm; on a cluster, each network is a job of its own.
"""

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

from datnet_core import fingerprint
from datnet_study.lanes import LANES
from datnet_study.ready import ready_study
from datnet_study.warm import serving

PROFILES = fingerprint.ROOT / "profiles"
LOCAL = "local"  # profile of one machine
FEW = 4  # jobs that together start as fast as the server that they would start from


def lanes_of(profile):
    """Processes that train networks side by side; None, one for each network, on a cluster.

    Parameters
    ----------
    profile : str

    Returns
    -------
    int or None

    Examples
    --------
    >>> lanes_of("local"), lanes_of("slurm")
    (2, None)
    """
    return LANES if profile == LOCAL else None


def run_workflow(study, n_missing, options=(), profile=LOCAL, debug=False):
    """Run the jobs of a study that are not done.

    Parameters
    ----------
    study : Study
    n_missing : int
        How many they are.
    options : sequence of str
        For Snakemake; what stands behind its `--` are rules, in place of all: a page, or a lane
        as `lanes.processes_of` names it.
    profile : str
        Folder of `profiles/`: `local` or `slurm`.
    debug : bool
        Whether jobs show errors with their traceback.

    Returns
    -------
    int
        Exit code of Snakemake, 0 if every job is done.

    Raises
    ------
    FileNotFoundError, ValueError
        As `ready_study`, before anything runs; or if there is no such profile.
    """
    folder = PROFILES / profile
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in PROFILES.iterdir()))
        raise ValueError(f"no profile {profile!r}; there are {known}")
    command = [
        Path(sys.executable).with_name("snakemake"),
        "--workflow-profile",
        f"profiles/{profile}",
    ]
    command += ["--config", f"study={study.source}", f"lanes={lanes_of(profile) or 0}"]
    command += [*(["debug=1"] if debug else []), *options]
    here = profile == LOCAL and n_missing > FEW
    with _server() if here else nullcontext() as environment:
        ready_study(study.source)
        return subprocess.run(command, env=environment, check=False).returncode


def _server():
    """The server of jobs and kernels, whose libraries find what they find in a page."""
    from datnet_study.execute import OURS  # a second of imports

    return serving(OURS)
