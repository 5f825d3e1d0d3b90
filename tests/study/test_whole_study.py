"""The smoke study from an empty folder to its book, and what makes which part of it again.

It is made once. A test that changes something works on a copy of the finished project, so tests
run in any order and one by one.
"""

import contextlib
import json
import shutil
import subprocess
import time

import pandas as pd
import psutil
import pytest
from whole_projects import (
    PAGES,
    SMOKE,
    command,
    comment_everywhere,
    copied,
    engine,
    environment,
    listing,
    make,
    planned,
    planned_by_the_engine,
    ran,
    run,
)

from datnet_study.fits import planned_fits
from datnet_study.graph import Graph
from datnet_study.lanes import LANES, processes_of
from datnet_study.study import read_study

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The project with the finished smoke study; not to be changed."""
    project = copied(tmp_path_factory.mktemp("finished"))
    make(project, SMOKE)
    return project


@pytest.fixture(scope="session")
def smoke(finished):
    """Results of the finished smoke study; not to be changed."""
    return finished / "results" / "smoke"


@pytest.fixture
def project(finished, tmp_path):
    """A copy of the project with the finished smoke study, to change."""
    return shutil.copytree(finished, tmp_path / "my project")


# --- what a finished study holds --------------------------------------------------------------


def test_every_page_leaves_what_it_declares_and_its_chapter(smoke):
    for name, page in PAGES.items():
        result = json.loads((smoke / f"{name}.json").read_text())
        assert (result["page"], result["study"]) == (name, "smoke")
        assert set(result["made_from"]["settings"]) == set(page.settings)
        assert [
            file for file in page.writes if "{" not in file and not (smoke / file).exists()
        ] == []
        assert (smoke / "book" / "pages" / f"{name}.html").is_file()
    assert "digital phantom" in (smoke / "book" / "intro.html").read_text()


def test_every_job_has_its_record_and_there_is_no_other(finished, smoke, monkeypatch):
    monkeypatch.chdir(finished)
    graph = Graph(read_study(SMOKE))
    records = {f"records/{path.name}" for path in (smoke / "records").iterdir()}
    assert records == {graph.record(job) for job in graph.jobs.values()}


def test_no_cell_warns(smoke):
    for page in PAGES:
        notebook = json.loads((smoke / "pages" / f"{page}.ipynb").read_text())
        outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
        text = "".join("".join(o["text"]) for o in outputs if o["output_type"] == "stream")
        assert "Warning" not in text, f"{page}: {text}"


def test_every_claim_has_a_value_of_ours(smoke):
    compared = pd.read_csv(smoke / "claims.tsv", sep="\t")
    absent = set(compared.loc[compared["verdict"] == "not computed here", "id"])
    assert len(compared) == 52
    # The smoke cohort is too small for an AUC in both groups of symptom duration, and its network
    # too weak to call anyone a control.
    allowed = {f"cv.duration.{name}" for name in ("ipd", "msa", "psp")} | {"cv.ppv.nc", "cv.npv.nc"}
    assert absent <= allowed


def test_full_gradients_of_the_trained_models_are_complete(smoke):
    numbers = json.loads((smoke / "saliency.json").read_text())["numbers"]
    n_scans, n_folds = len(pd.read_csv(smoke / "scans.tsv", sep="\t")), 2
    assert numbers["completeness_gap"]["n_maps"] == n_scans * n_folds
    assert numbers["completeness_gap"]["max"] <= 1e-4
    assert numbers["completeness_gap_double"]["max"] <= 1e-10


def test_each_network_starts_from_a_pre_training_of_its_own(smoke):
    for stage in ("fold-0", "fold-1", "test_fold/fold-1"):
        for j in range(2):
            config = (smoke / f"models/{stage}/member-{j}/config.json").read_text()
            assert json.loads(config)["start"] == f"pretrain/member-{j}"


def test_no_participant_stands_on_both_sides_of_a_model(smoke):
    numbers = json.loads((smoke / "training.json").read_text())["numbers"]
    assert numbers["participants_on_both_sides"] == 0


def test_nothing_half_written_is_left(smoke):
    assert not [p for p in smoke.rglob("*") if p.name.startswith("part-") or ".log." in p.name]


# --- what runs again, and what does not -------------------------------------------------------


def test_a_second_run_has_nothing_to_do_after_comments_in_every_module(project):
    comment_everywhere(project)
    shutil.rmtree(project / ".snakemake")  # the memory of the engine is not needed
    assert planned(project, SMOKE) <= {"book"}


def test_a_changed_number_in_the_network_plans_every_fit_and_planning_deletes_nothing(project):
    path = project / "datnet_core/network.py"
    path.write_text(path.read_text() + "\nLAYERS = 3\n")
    (project / "results/smoke/models/fold-0/member-0/weights.safetensors").unlink()
    before = listing(project)
    jobs = planned(project, SMOKE)
    study = read_study(SMOKE)
    processes = processes_of(Graph(study), LANES).items()
    asked = {name for name, parts in processes if jobs & {part.name for part in parts}}
    assert planned_by_the_engine(project, SMOKE) == asked
    assert listing(project) == before
    fits = {fit.job_name for fit in planned_fits(study)}
    assert {job for job in jobs if job.startswith("fit_")} == fits
    assert {"cross_validation", "blind_test", "book"} <= jobs
    assert "dataset" not in jobs


def test_a_changed_setting_plans_only_what_depends_on_it(project):
    path = project / SMOKE
    path.write_text(path.read_text().replace("n_estimators: 20", "n_estimators: 21"))
    later = {"late_fusion", "claims", "reporting", "summary", "book"}
    assert planned(project, SMOKE) == {"fusion"} | later


def test_a_failing_page_is_named_and_leaves_nothing_and_is_made_again_once_mended(project, smoke):
    results, source = project / "results" / "smoke", project / "notebooks" / "fusion.py"
    good = source.read_text()
    source.write_text(
        good.replace(
            "# ## What the", "# ## Wrong\n\n# %%\n1 / 0\n\n# %% [markdown]\n# ## What the", 1
        )
    )
    assert source.read_text() != good
    code, output = ran(project, engine(SMOKE, "--", "fusion"))
    assert code != 0
    for part in ("page fusion failed in cell", "ZeroDivisionError", "fusion.log.ipynb"):
        assert part in output
    assert not (results / "fusion.json").exists()
    assert (results / "pages" / "fusion.log.ipynb").is_file()
    source.write_text(good)
    make(project, SMOKE, "fusion")
    same = "predictions/fusion.tsv"
    assert (results / same).read_bytes() == (smoke / same).read_bytes()
    assert not (results / "pages" / "fusion.log.ipynb").exists()
    # Its record and its numbers are those of before, so what follows it stays.
    assert planned(project, SMOKE) == set()


def test_a_result_deleted_by_hand_is_made_again(project, smoke):
    deleted = project / "results/smoke/claims.tsv"
    deleted.unlink()
    assert planned(project, SMOKE) >= {"claims"}
    make(project, SMOKE, "claims")
    assert deleted.read_bytes() == (smoke / "claims.tsv").read_bytes()


def test_damaged_weights_are_named_and_made_again_once_deleted(project):
    path = project / "results/smoke/models/fold-0/member-1/weights.safetensors"
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    (project / "results/smoke/predictions/cross_validation.tsv").unlink()
    code, output = ran(project, engine(SMOKE, "--", "cross_validation"))
    assert code != 0
    assert "models/fold-0/member-1/weights.safetensors is damaged" in output
    path.unlink()
    make(project, SMOKE, "results/smoke/models/fold-0/member-1/weights.safetensors")
    assert path.read_bytes() == good


# --- stopped and continued, and in other processes --------------------------------------------


def weights(results):
    """Weights of the networks of the study itself, by their path."""
    paths = sorted(results.glob("models/*/member-*/weights.safetensors"))
    return {str(path.relative_to(results)): path.read_bytes() for path in paths}


def test_a_process_for_each_network_gives_the_same_weights(project, smoke):
    shutil.rmtree(project / "results/smoke/models/pretrain/member-1")
    shutil.rmtree(project / "results/smoke/models/fold-1/member-1")
    for folder in ("models/pretrain/member-1", "models/fold-1/member-1"):
        run(project, "fit", SMOKE, folder)
    assert weights(project / "results/smoke") == weights(smoke)


MOMENTS = {  # what stands on disk, or in the log, when everything is killed
    "the phantom is being written": "dataset/sub-*/**/*.nii.gz",
    "the first epoch of pre-training is over": "models/pretrain/member-*/checkpoint.pt",
    "a fold is being trained": "models/fold-*/member-*/checkpoint.pt",
    "predictions are being made": "--- cross_validation ---",
}


def contents(folder):
    """Every file below a folder, by its path."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def take_over(page, results, ours):
    """Copy what a page of a finished study wrote, with its record; no other job is done by it."""
    for path in [*results.glob(f"{page}*"), *results.glob(f"*/{page}.*")]:
        (ours / path.relative_to(results)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, ours / path.relative_to(results))


def kill_at(project, target, moment):
    """Start the study up to a job and kill -9 all of its processes as soon as a moment has come."""
    log_path, pattern = project / "killed.log", MOMENTS[moment]
    with log_path.open("w") as log:
        running = subprocess.Popen(
            command(SMOKE, target),
            cwd=project, env=environment(project), stdout=log, stderr=log,
        )  # fmt: skip

    def has_come():
        if pattern.startswith("---"):
            return pattern in log_path.read_text()
        return any((project / "results/smoke").glob(pattern))

    while running.poll() is None and not has_come():
        time.sleep(0.005)
    assert running.poll() is None, log_path.read_text()[-3000:]
    parent = psutil.Process(running.pid)
    for process in [*parent.children(recursive=True), parent]:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended by itself
            process.kill()
    running.wait()


def test_a_study_killed_at_any_moment_ends_with_the_same_predictions(smoke, tmp_path):
    # Another folder, so this also says that two undisturbed runs agree file for file.
    project = copied(tmp_path)
    ours = project / "results/smoke"
    take_over("quality", smoke, ours)
    for moment in MOMENTS:
        kill_at(project, "cross_validation", moment)
        assert not (ours / "predictions/cross_validation.tsv").exists()
    make(project, SMOKE, "cross_validation")
    assert contents(ours / "dataset") == contents(smoke / "dataset")
    for name in ("cross_validation.tsv", "cross_validation_yardsticks.tsv"):
        assert (ours / "predictions" / name).read_bytes() == (
            smoke / "predictions" / name
        ).read_bytes()
    assert len(weights(ours)) == 2 * (1 + 2)  # two networks each: pre-training and two folds
    assert weights(ours) == weights(smoke)
