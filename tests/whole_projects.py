"""A copy of the project in an empty folder, and its workflow, as a user would run it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from datnet_study.declaration import read_declaration

ROOT = Path(__file__).parents[1]
SMOKE = "data_manifest/smoke.yaml"
PARTS = (
    "Makefile", "Snakefile", "_config.yml", "book", "constraints.txt", "data_manifest",
    "datnet_core", "datnet_images", "datnet_phantom", "datnet_study", "notebooks", "profiles",
)  # fmt: skip
PAGES = {path.stem: read_declaration(path) for path in (ROOT / "notebooks").glob("*.py")}


def copied(folder):
    """A copy of the project without any result, in a folder whose name has a space."""
    project = folder / "my project"
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        project.mkdir(exist_ok=True)
        copy(ROOT / part, project / part)
    return project


def command(study, *targets):
    """The command of `make study`, one job at a time: two processes of tests share the cores."""
    line = [sys.executable, "-m", "datnet_study.run", "study", study, "--", "--cores", "1"]
    return [*line, *(["--", *targets] if targets else [])]


def engine(study, *options):
    """The command of the workflow engine alone, as on a cluster: each job in a process of its own.

    For few jobs, since it starts sooner.
    """
    snakemake = Path(sys.executable).with_name("snakemake")
    profile = ["--workflow-profile", "profiles/local", "--cores", "1"]
    return [snakemake, *profile, "--config", f"study={study}", *options]


def environment(project):
    """Environment in which the code of this project runs, and no other."""
    return os.environ | {"PYTHONPATH": str(project)}


def ran(project, line):
    """Code and output of a command once it has finished."""
    run = subprocess.run(
        line,
        cwd=project,
        env=environment(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return run.returncode, run.stdout


def make(project, study, *targets):
    """Run the workflow up to some jobs or files, which has to succeed; its output."""
    code, output = ran(project, engine(study, "--", *targets) if targets else command(study))
    assert code == 0, output[-8000:]
    return output


def run(project, *arguments):
    """Run a kind of job in the project; what it prints."""
    line = [sys.executable, "-m", "datnet_study.run", *arguments]
    done = subprocess.run(
        line, cwd=project, env=environment(project), check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-8000:]
    return done.stdout


def planned(project, study):
    """Names of the jobs that a run would do."""
    *jobs, _ = run(project, "plan", study).splitlines()  # the last line is the sum
    return {job.split()[0] for job in jobs}


def planned_by_the_engine(project, study):
    """The same, as the workflow engine finds them; takes three times as long."""
    code, output = ran(project, engine(study, "--dry-run", "--quiet", "host"))
    assert code == 0, output[-8000:]
    jobs = set(re.findall(r"^(\w+) +1$", output, re.MULTILINE)) - {"study", "total"}
    assert jobs or "Nothing to be done" in output
    return jobs


def listing(folder):
    """Every file below a folder, but for the engine's own, with its size and time."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    kept = [path for path in paths if not {".snakemake", "__pycache__"} & set(path.parts)]
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in kept}


def comment_everywhere(project):
    """Add a comment to every module of the project."""
    for path in project.glob("datnet_*/**/*.py"):
        path.write_text(path.read_text() + "\n# A comment.\n")
