"""The command line of a job: what it refuses, what it leaves, and in which order."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from datnet_study import run
from datnet_study.jobs import Job
from datnet_study.study import read_study

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with the study `mine` of scans, the page `tiny`, and records of earlier jobs."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # a job sets them
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    for folder in ("data_manifest", "notebooks", "results/mine/records"):
        (tmp_path / folder).mkdir(parents=True)
    settings = {"name": "mine", "title": "My scans", "dataset": "scans"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "notebooks/tiny.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pages(project, monkeypatch):
    """Arguments of each page that was to run; nothing is run, a result says what it took."""
    ran = []

    def run_page(source, output, *given):
        ran.append((source, output, *given))
        result = output.parents[1] / f"{source.stem}.json"
        result.parent.mkdir(exist_ok=True)
        result.write_text('{"made_from": {"memory_mb": 12345678}}')

    monkeypatch.setattr("datnet_study.execute.run_page", run_page)
    return ran


def nothing(study, arguments):
    """Stands for a job."""


def records(project):
    return sorted(path.name for path in (project / "results/mine/records").iterdir())


def record(name):
    return ["--record", f"results/mine/records/{name}"]


# --- usage ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "the following arguments are required: kind"),
        (["bake", "mine.yaml"], "invalid choice: 'bake'"),
        (["page"], "the following arguments are required: study, page"),
        (["page", "mine.yaml"], "the following arguments are required: page"),
        (["fit", "mine.yaml"], "the following arguments are required: folders"),
        (["grid", "mine.yaml", "wide"], "invalid float value: 'wide'"),
        (["book", "mine.yaml", "--threads", "two"], "invalid int value: 'two'"),
    ],
)
def test_wrong_usage_ends_with_a_usage_line_and_code_2(project, capsys, arguments, problem):
    with pytest.raises(SystemExit) as ended:
        run.main(arguments)
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert shown.startswith("usage: python -m datnet_study.run")
    assert problem in shown


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["page", "other.yaml", "tiny"], "no study file 'other.yaml'"),
        (["page", "mine.yaml", "tinny"], "no page 'tinny'; there are tiny"),
        (["page", "mine.yaml", "tiny", "alpha"], "'alpha' is no parameter; expected name=value"),
        (["fit", "mine.yaml", "models/fold-9/member-0"], "no network ['models/fold-9/member-0']"),
        (["fit", "mine.yaml", "models/fold-0/member-0"], "scans.tsv"),
        (["dataset", "mine.yaml"], "mine.yaml has no `phantom`"),
    ],
)
def test_an_error_of_the_user_is_one_message(project, arguments, problem):
    with pytest.raises(SystemExit) as ended:
        run.main(arguments)
    assert problem in ended.value.code  # a text: Python prints it and ends with 1


def test_an_unknown_parameter_is_named_with_those_there_are(project):
    (project / "notebooks/tiny.py").write_text(
        "# ---\n# jupyter:\n"
        "#   kernelspec: {display_name: Python, name: python3, language: python}\n# ---\n\n"
        '# %% tags=["parameters"]\nstudy: str = "mine.yaml"  # file\nalpha: float = 0.1  # level\n'
    )
    with pytest.raises(SystemExit) as ended:
        run.main(["page", "mine.yaml", "tiny", "alfa=1"])
    assert "page tiny: no parameter ['alfa']; it has ['study', 'alpha']" in ended.value.code


def test_a_job_that_fails_ends_without_a_traceback(project):
    command = [sys.executable, "-m", "datnet_study.run", "page", "other.yaml", "tiny"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "no study file 'other.yaml'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_that_no_check_foresees_is_one_line_too(project, pages, monkeypatch):
    def no_right(*_):
        raise PermissionError(13, "Permission denied", "/store")

    monkeypatch.setattr("datnet_study.execute.run_page", no_right)
    with pytest.raises(SystemExit) as ended:
        run.main(["page", "mine.yaml", "tiny"])
    (line,) = ended.value.code.split("\n")[1:-1]
    assert line.startswith("PermissionError: [Errno 13] Permission denied: '/store'; `python -m")
    assert line.endswith(".run page … --debug` shows where")


@pytest.mark.parametrize("arguments", [["page", "other.yaml", "tiny"], ["dataset", "mine.yaml"]])
def test_debug_shows_where_an_error_came_from(project, arguments):
    with pytest.raises((FileNotFoundError, ValueError), match="other.yaml|has no `phantom`"):
        run.main([*arguments, "--debug"])


# --- results of another study -----------------------------------------------------------------


def test_results_of_another_study_file_are_not_written_over(project, pages):
    run.main(["page", "mine.yaml", "tiny", *record("tiny.aaa")])
    assert (project / "results/mine/study_file.txt").read_text() == "mine.yaml"
    other = project / "notebooks" / "theirs.yaml"
    other.write_text((project / "mine.yaml").read_text())
    with pytest.raises(
        SystemExit, match=r"theirs\.yaml: name is 'mine', and .*of mine\.yaml; give"
    ):
        run.main(["page", "notebooks/theirs.yaml", "tiny", *record("tiny.bbb")])
    assert records(project) == ["tiny.aaa"]
    (project / "mine.yaml").unlink()  # the study was moved
    run.main(["page", "notebooks/theirs.yaml", "tiny", *record("tiny.bbb")])
    assert records(project) == ["tiny.bbb"]


# --- pages ------------------------------------------------------------------------------------


def test_values_of_parameters_are_read_as_yaml(project, pages):
    run.main(["page", "mine.yaml", "tiny", "n=3", "name=a=b", "on=true", "--threads", "2"])
    (source, output, parameters, threads), results = pages[0], project / "results/mine"
    assert source == project / "notebooks/tiny.py"
    assert output == results / "pages/tiny.ipynb"
    assert parameters == {"study": "mine.yaml", "n": 3, "name": "a=b", "on": True}
    assert threads == 2


@pytest.mark.parametrize(("into", "folder"), [("study", "mine"), ("try", "try")])
def test_a_page_runs_into_another_folder(project, pages, into, folder):
    run.main(["page", "mine.yaml", "tiny", f"into={into}"])
    assert pages[0][1] == project / f"results/{folder}/pages/tiny.ipynb"


# --- records ----------------------------------------------------------------------------------


def test_a_job_leaves_its_record_in_place_of_older_ones_and_of_no_others(project, pages):
    for page in ("tiny", "tiny2"):
        (project / f"notebooks/{page}.py").touch()
        run.main(["page", "mine.yaml", page, *record(f"{page}.aaa")])
    run.main(["page", "mine.yaml", "tiny", *record("tiny.bbb")])
    assert records(project) == ["tiny.bbb", "tiny2.aaa"]


def test_a_finished_job_says_what_it_took(project, pages):
    run.main(["page", "mine.yaml", "tiny", *record("tiny.aaa"), "--threads", "2"])
    cost = json.loads((project / "results/mine/costs/tiny.json").read_text())
    assert cost["memory_mb"] == 12345678  # of the kernel, which is the larger process
    assert cost["threads"] == 2
    assert 0 <= cost["seconds"] < 60
    assert abs(cost["begin"] - time.time()) < 60
    run.main(["page", "mine.yaml", "tiny"])  # by hand: no job of the study
    assert json.loads((project / "results/mine/costs/tiny.json").read_text()) == cost


def test_a_job_that_fails_leaves_no_record_not_even_the_old_one(project, pages, monkeypatch):
    run.main(["page", "mine.yaml", "tiny", *record("tiny.aaa")])

    def stop(*_):
        assert records(project) == []  # what it may overwrite has no record any more
        raise RuntimeError("stopped")

    monkeypatch.setattr("datnet_study.execute.run_page", stop)
    with pytest.raises(SystemExit, match="stopped"):
        run.main(["page", "mine.yaml", "tiny", *record("tiny.bbb")])
    assert records(project) == []


def test_a_page_run_by_hand_is_to_be_made_again_unless_it_went_elsewhere(project, pages):
    run.main(["page", "mine.yaml", "tiny", *record("tiny.aaa")])
    run.main(["page", "mine.yaml", "tiny", "alpha=1", "into=try"])
    assert records(project) == ["tiny.aaa"]
    run.main(["page", "mine.yaml", "tiny", "alpha=1"])
    assert records(project) == []


def test_each_network_of_a_process_is_a_job_with_its_own_record(project, monkeypatch):
    trained = []

    def train(study, arguments):
        """Train."""
        trained.append(arguments.folders)
        config = study.results / arguments.folders[0] / "config.json"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.touch(exist_ok=False)  # once

    monkeypatch.setitem(run.JOBS, "fit", train)
    zero, one, two = (f"models/fold-{k}/member-0" for k in range(3))
    run.main(["fit", "mine.yaml", zero, two, *record("fit_0.aaa"), record("fit_2.aaa")[1]])
    run.main(["fit", "mine.yaml", one, *record("fit_1.aaa")])
    assert trained == [[zero], [two], [one]]
    took = {path.stem: path.read_text() for path in (project / "results/mine/costs").iterdir()}
    assert set(took) == {"fit_0", "fit_1", "fit_2"}
    monkeypatch.setitem(run.JOBS, "fit", nothing)  # again, on its own, where it is finished
    os.utime(project / "results/mine" / two / "config.json", (1e9, 1e9))
    run.main(["fit", "mine.yaml", two, *record("fit_2.bbb")])
    assert records(project) == ["fit_0.aaa", "fit_1.aaa", "fit_2.bbb"]
    assert (project / "results/mine/costs/fit_2.json").read_text() == took["fit_2"]


def test_a_network_that_fails_leaves_the_records_of_those_before_it(project, monkeypatch):
    def trained(study, arguments):
        """Train."""
        (study.results / arguments.folders[0]).mkdir(parents=True)
        (study.results / arguments.folders[0] / "config.json").touch()
        if arguments.folders == ["models/fold-1/member-0"]:
            raise ValueError("no scans")

    monkeypatch.setitem(run.JOBS, "fit", trained)
    folders = [f"models/fold-{k}/member-0" for k in range(3)]
    names = [record(f"fit_{k}.aaa")[1] for k in range(3)]
    with pytest.raises(SystemExit, match="no scans"):
        run.main(["fit", "mine.yaml", *folders, "--record", *names])
    assert records(project) == ["fit_0.aaa"]


@pytest.mark.parametrize(("kind", "threads"), [("fit", "1"), ("page", "3")])
def test_a_network_is_trained_with_one_thread_and_others_have_what_they_are_given(
    project, pages, monkeypatch, kind, threads
):
    monkeypatch.setitem(run.JOBS, "fit", nothing)
    run.main([kind, "mine.yaml", "tiny", "--threads", "3"])
    assert os.environ["OMP_NUM_THREADS"] == threads


class Planned:
    """Stands for the graph of a study whose jobs with these names are still to be done."""

    names = []

    def __init__(self, study):
        assert study.name == "mine"

    def missing(self):
        return [Job(name, ("page", name)) for name in self.names]


@pytest.mark.parametrize(
    ("missing", "code", "asked"),
    [
        ([], 0, []),
        (["fusion"], 0, ["study=mine.yaml"]),
        (["fusion"], 3, ["study=mine.yaml"]),
    ],
    ids=["nothing is missing", "a job is missing", "the workflow fails"],
)
def test_a_study_asks_for_the_workflow_only_where_something_is_missing(
    project, pages, monkeypatch, capsys, missing, code, asked
):
    run.main(["page", "mine.yaml", "tiny", *record("tiny.aaa")])
    capsys.readouterr()
    commands, checked = [], []

    def called(command, env, check):
        assert env is None  # too few jobs for a server
        commands.append(command[-2])
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(subprocess, "run", called)
    monkeypatch.setattr("datnet_study.graph.Graph", Planned)
    monkeypatch.setattr("datnet_study.workflow.ready_study", checked.append)
    monkeypatch.setattr(Planned, "names", missing)
    if code:
        with pytest.raises(SystemExit, match=str(code)):
            run.main(["study", "mine.yaml"])
    else:
        run.main(["study", "mine.yaml"])
    expected = read_study("mine.yaml").results / "book/index.html"
    said = "" if code else f"The book of study mine: {expected}\n"
    if not missing:
        said = f"Nothing to do: nothing has changed since the last run.\n{said}"
    assert capsys.readouterr().out == said
    assert commands == asked
    assert [str(source) for source in checked] == ["mine.yaml"] * len(
        asked
    )  # in words, before the workflow starts
    assert records(project) == ["tiny.aaa"]


@pytest.mark.parametrize("words", [[], ["--debug"]])
def test_debug_of_a_study_is_handed_to_its_workflow(project, monkeypatch, words):
    calls = []
    monkeypatch.setattr("datnet_study.graph.Graph", Planned)
    monkeypatch.setattr(Planned, "names", ["fusion"])
    monkeypatch.setattr("datnet_study.workflow.run_workflow", lambda *a: calls.append(a) or 3)
    with pytest.raises(SystemExit, match="3"):
        run.main(["study", *words, "mine.yaml", "--", "--cores", "1"])
    assert [call[1:] for call in calls] == [(1, ["--cores", "1"], "local", bool(words))]


def test_a_plan_names_the_jobs_and_leaves_everything(project, monkeypatch, capsys):
    (project / "results/mine/records/page.aaa").write_text("page fusion\n")
    monkeypatch.setattr("datnet_study.graph.Graph", Planned)
    monkeypatch.setattr(Planned, "names", ["fusion", "radiomics"])
    monkeypatch.setattr("datnet_study.costs.number_of_scans", lambda _: 300)
    checked = []
    monkeypatch.setattr("datnet_study.ready.ready_study", checked.append)
    run.main(["plan", "mine.yaml"])
    assert [str(source) for source in checked] == ["mine.yaml"]
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == ["fusion", "radiomics", "2"]
    assert records(project) == ["page.aaa"]


# --- import -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nowhere", "to"], "nowhere: no such folder; expected the scans to import (FROM)"),
        (["scans", "to", "--window", "75-60"], "window '75-60'; expected minutes after injection"),
        (["scans", "to", "--window", "an hour"], "window 'an hour'; expected minutes"),
        (["scans", "to", "--table", "none.csv"], "none.csv: no such file; expected one (TABLE)"),
    ],
)
def test_an_import_that_cannot_be_is_one_message(project, arguments, problem):
    (project / "scans").mkdir()
    with pytest.raises(SystemExit) as ended:
        run.main(["import", *arguments])
    assert problem in str(ended.value.code)
    assert not (project / "to").exists()


def test_an_import_hands_on_what_the_command_line_says(project, monkeypatch):
    calls = []
    monkeypatch.setattr("datnet_study.importing.import_scans", lambda *a: calls.append(a))
    words = ["--table", "people.csv", "--window", "60-75", "--series", "AC", "--key", "my.key"]
    run.main(["import", "scans", "~/to", *words])
    source, target, wanted, key = calls[0]
    assert (source, target, key) == (Path("scans"), Path.home() / "to", Path("my.key"))
    assert (wanted.window_min, wanted.series) == ((60.0, 75.0), "AC")
    assert wanted.table == Path("people.csv")
