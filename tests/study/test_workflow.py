"""The workflow engine of a study: what it is given, and when its jobs start warm."""

import subprocess
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

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


def test_a_profile_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ValueError, match="no profile 'pbs'; there are local, slurm"):
        workflow.run_workflow(SimpleNamespace(source="mine.yaml"), 1, (), "pbs")
