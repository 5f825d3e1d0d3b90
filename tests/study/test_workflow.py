"""The workflow engine of a study: what it is given, and when its jobs start warm."""

import re
import subprocess
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from whole_projects import copied, engine, ran

from datnet_study import workflow


@pytest.mark.parametrize(
    ("n_missing", "environment"), [(1, None), (4, None), (5, {"WARM": "1"}), (40, {"WARM": "1"})]
)
def test_jobs_start_from_a_server_where_they_are_many(monkeypatch, n_missing, environment):
    calls, served = [], []

    @contextmanager
    def serving(variables):
        assert variables["MPLBACKEND"].startswith("module://matplotlib_inline")
        served.append("begin")
        yield {"WARM": "1"}
        served.append("end")

    def called(command, env, check):
        calls.append((command[1:], env, len(served)))
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(workflow, "serving", serving)
    monkeypatch.setattr(workflow, "ready_study", lambda _: None)
    monkeypatch.setattr(subprocess, "run", called)
    study = SimpleNamespace(source="mine.yaml")
    assert workflow.run_workflow(study, n_missing, ["--cores", "1", "--", "fusion"]) == 3
    profile = ["--workflow-profile", "profiles/local", "--config", "study=mine.yaml", "lanes=2"]
    line = [*profile, "--cores", "1", "--", "fusion"]
    assert calls == [(line, environment, 1 if environment else 0)]
    assert served == (["begin", "end"] if environment else [])


def test_on_a_cluster_each_network_is_a_job_and_nothing_is_served(monkeypatch):
    calls = []

    def called(command, env, check):
        calls.append((command[1:], env))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(workflow, "ready_study", lambda _: None)
    monkeypatch.setattr(subprocess, "run", called)
    assert workflow.run_workflow(SimpleNamespace(source="mine.yaml"), 40, (), "slurm") == 0
    line = ["--workflow-profile", "profiles/slurm", "--config", "study=mine.yaml", "lanes=0"]
    assert calls == [(line, None)]


@pytest.mark.parametrize("profile", ["local", "slurm"])
def test_debug_is_told_to_the_jobs_beside_the_study(monkeypatch, profile):
    commands = []

    def called(command, env, check):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(workflow, "ready_study", lambda _: None)
    monkeypatch.setattr(subprocess, "run", called)
    study = SimpleNamespace(source="mine.yaml")
    workflow.run_workflow(study, 1, ["--cores", "1"], profile, debug=True)
    begin = commands[0].index("--config")  # of several, the workflow engine takes the last alone
    assert commands[0].count("--config") == 1
    assert commands[0][begin + 1 :: 2] == ["study=mine.yaml", "debug=1", "1"]


def rules(project, study, *options):
    """What the workflow engine would run, by the name of the rule: its resources and command."""
    line = engine(study, *options, "--dry-run", "--printshellcmds", "--quiet", "host")
    code, output = ran(project, line)
    assert code == 0, output[-8000:]
    found = re.findall(r"^ *rule (\w+):\n(.*?Shell command: [^\n]*)", output, re.M | re.S)
    return {name: text for name, text in found if name != "study"}  # which runs nothing


def test_jobs_get_gpus_and_debug_by_the_study_file_and_the_command(tmp_path):
    project = copied(tmp_path)
    settings = "name: tiny\ntraining: {accelerator: gpu, devices: 2}\n"
    (project / "tiny.yaml").write_text(f"extends: data_manifest/smoke.yaml\n{settings}")
    found = rules(project, "tiny.yaml", "lanes=0", "debug=1")
    assert "gpu=2, nodes=1" in found["fit_fold_0_member_0"]
    assert "gpu=1, nodes=1" in found["cross_validation"]
    assert "gpu=" not in found["cohorts"]
    assert all(" tiny.yaml " in text and " --debug --record " in text for text in found.values())
    assert not any("--debug" in text for text in rules(project, "tiny.yaml").values())


def test_a_profile_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ValueError, match="no profile 'pbs'; there are local, slurm"):
        workflow.run_workflow(SimpleNamespace(source="mine.yaml"), 1, (), "pbs")
