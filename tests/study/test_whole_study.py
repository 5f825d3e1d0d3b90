"""The smoke study from an empty folder to its book, and a user's own study that lacks much.

Each is made once. A test that changes something works on a copy of the finished project, so tests
run in any order and one by one.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
import yaml

from datnet_study.declaration import read_declaration
from datnet_study.graph import Graph
from datnet_study.scans import CLINICAL
from datnet_study.study import read_study

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

ROOT = Path(__file__).parents[2]
SMOKE = "data_manifest/smoke.yaml"
PARTS = (
    "Snakefile", "_config.yml", "book", "data_manifest", "datnet_core", "datnet_images",
    "datnet_phantom", "datnet_study", "notebooks", "profiles",
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


def command(study, *options):
    """The command of `make study`."""
    snakemake = Path(sys.executable).with_name("snakemake")
    return [
        snakemake,
        "--workflow-profile",
        "profiles/local",
        "--config",
        f"study={study}",
        *options,
    ]


def environment(project):
    """Environment in which the code of this project runs, and no other."""
    return os.environ | {"PYTHONPATH": str(project)}


def snakemake(project, study, *options):
    """Run the workflow; code and output of the finished process."""
    run = subprocess.run(
        command(study, *options),
        cwd=project,
        env=environment(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return run.returncode, run.stdout


def make(project, study, *targets):
    """Run the workflow up to some jobs or files, which has to succeed; its output."""
    code, output = snakemake(project, study, *(["--", *targets] if targets else []))
    assert code == 0, output[-8000:]
    return output


def planned(project, study, *options):
    """Names of the jobs that the workflow would run."""
    code, output = snakemake(project, study, "--dry-run", "--quiet", "host", *options)
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


@pytest.fixture(scope="session")
def finished_own(finished, tmp_path_factory):
    """The project with a finished study, `own.yaml`, of a user's two groups and nothing else.

    There are no controls, no uncertain or confirmed diagnoses, and no clinical columns.
    """
    project = copied(tmp_path_factory.mktemp("own"))
    own = project / "own"
    shutil.copytree(finished / "results/smoke/dataset", own)
    scans = pd.read_csv(own / "scans.tsv", sep="\t", keep_default_na=False)
    scans["diagnosis"] = scans["diagnosis"].map({"IPD": "PD", "MSA": "ET"})
    scans = scans[scans["diagnosis"].notna() & (scans["certainty"] == "definite")]
    scans = scans.drop(columns=list(CLINICAL))
    scans.to_csv(own / "scans.tsv", sep="\t", index=False)
    settings = yaml.safe_load((project / SMOKE).read_text())
    del settings["phantom"], settings["recipes"]
    settings |= {"name": "own", "title": "Two classes", "dataset": "own"}
    settings |= {"diagnoses": ["PD", "ET"]}
    settings["network"]["n_members"] = 1
    (project / "own.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    make(project, "own.yaml")
    return project


@pytest.fixture
def own(finished_own, tmp_path):
    """A copy of the project with the finished study of a user's own scans, to change."""
    return shutil.copytree(finished_own, tmp_path / "my project")


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
    graph = Graph(read_study(SMOKE), 2)
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
    assert listing(project) == before
    lanes = {f"fit_{kind}_{level}_{k}" for kind, level, k in (
        ("study", "first", 0), ("study", "first", 1), ("study", "folds", 0), ("study", "folds", 1),
        ("variants", "first", 0), ("variants", "first", 1),
        ("variants", "folds", 0), ("variants", "folds", 1),
        ("recipes", "first", 0), ("recipes", "folds", 0), ("recipes", "folds", 1),
    )}  # fmt: skip
    assert {job for job in jobs if job.startswith("fit_")} == lanes
    assert {"cross_validation", "blind_test", "book"} <= jobs
    assert "dataset" not in jobs


def test_a_changed_setting_plans_only_what_depends_on_it(project):
    path = project / SMOKE
    path.write_text(path.read_text().replace("n_estimators: 20", "n_estimators: 21"))
    assert planned(project, SMOKE) == {"fusion", "claims", "book"}


def test_a_failing_page_is_named_and_leaves_nothing_and_is_made_again_once_mended(project, smoke):
    results, source = project / "results" / "smoke", project / "notebooks" / "fusion.py"
    good = source.read_text()
    source.write_text(
        good.replace(
            "# ## What the", "# ## Wrong\n\n# %%\n1 / 0\n\n# %% [markdown]\n# ## What the", 1
        )
    )
    assert source.read_text() != good
    code, output = snakemake(project, SMOKE, "--", "fusion")
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
    code, output = snakemake(project, SMOKE, "--", "cross_validation")
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
        fit = [sys.executable, "-m", "datnet_study.run", "fit", SMOKE, folder]
        subprocess.run(fit, cwd=project, env=environment(project), check=True, capture_output=True)
    assert weights(project / "results/smoke") == weights(smoke)


MOMENTS = {  # what stands on disk, or in the log, when everything is killed
    "the phantom is being written": "dataset/sub-*/**/*.nii.gz",
    "the first epoch of pre-training is over": "models/pretrain/member-*/checkpoint.pt",
    "a fold is being trained": "models/fold-*/member-*/checkpoint.pt",
    "predictions are being made": "--- cross_validation ---",
}


def kill_at(project, target, moment):
    """Start the study up to a job and kill -9 all of its processes as soon as a moment has come."""
    log_path, pattern = project / "killed.log", MOMENTS[moment]
    with log_path.open("w") as log:
        run = subprocess.Popen(
            command(SMOKE, "--", target),
            cwd=project, env=environment(project), stdout=log, stderr=log,
        )  # fmt: skip

    def has_come():
        if pattern.startswith("---"):
            return pattern in log_path.read_text()
        return any((project / "results/smoke").glob(pattern))

    while run.poll() is None and not has_come():
        time.sleep(0.005)
    assert run.poll() is None, log_path.read_text()[-3000:]
    parent = psutil.Process(run.pid)
    for process in [*parent.children(recursive=True), parent]:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended by itself
            process.kill()
    run.wait()


def test_a_study_killed_at_any_moment_ends_with_the_same_predictions(smoke, tmp_path):
    # Another folder, so this also says that two undisturbed runs agree file for file.
    project = copied(tmp_path)
    ours = project / "results/smoke"
    for moment in MOMENTS:
        kill_at(project, "cross_validation", moment)
        assert not (ours / "predictions/cross_validation.tsv").exists()
    make(project, SMOKE, "cross_validation")
    for name in ("cross_validation.tsv", "cross_validation_binding.tsv"):
        assert (ours / "predictions" / name).read_bytes() == (
            smoke / "predictions" / name
        ).read_bytes()
    assert len(weights(ours)) == 2 * (1 + 2)  # two networks each: pre-training and two folds
    assert weights(ours) == weights(smoke)


# --- a user's own scans -----------------------------------------------------------------------


def test_an_own_data_set_of_two_groups_and_nothing_else_becomes_a_book(finished_own):
    results = finished_own / "results" / "own"
    for page, word in {"blind_test": "no blind test.", "fusion": "nothing is joined"}.items():
        text = (results / f"book/pages/{page}.html").read_text()
        assert word in text and "digital phantom" not in text.lower()
        ended = json.loads((results / f"pages/{page}.ipynb").read_text())["cells"]
        assert [cell for cell in ended[-6:] if cell.get("outputs")] == []  # nothing ran there
        assert "Summary" not in text
    chapters = {path.stem for path in (results / "book/pages").glob("*.html")}
    assert chapters == {name for name, page in PAGES.items() if page.only_if is None}
    # Without possible diagnoses there is no pre-training, and no variant that leaves it out.
    assert {path.name for path in (results / "models").iterdir()} == {
        "fold-0",
        "fold-1",
        "test_fold",
    }


def test_a_study_that_its_participants_do_not_allow_stops_before_any_job(own):
    table = pd.read_csv(own / "own/scans.tsv", sep="\t")
    table = table[(table["diagnosis"] == "ET") | ~table["diagnosis"].duplicated()]  # one PD
    table.to_csv(own / "own/scans.tsv", sep="\t", index=False)
    before = listing(own / "results")
    code, output = snakemake(own, "own.yaml")
    assert code != 0
    assert "own.yaml: the participants do not allow this study" in output
    assert "found PD 1; expected at least 2 of each of the `diagnoses`" in output
    assert listing(own / "results") == before


def test_touched_scans_leave_nothing_to_do(own):
    for path in (own / "own").rglob("*"):
        os.utime(path)
    assert planned(own, "own.yaml") == set()


def test_an_image_replaced_by_an_older_one_is_noticed_without_the_memory_of_the_engine(own):
    shutil.rmtree(own / ".snakemake")
    scans = pd.read_csv(own / "own/scans.tsv", sep="\t")
    one, listed = (
        own / "own" / scans["path"].iloc[0],
        {own / "own" / path for path in scans["path"]},
    )
    others = set((own / "own").glob("sub-*/**/*_pet.nii.gz")) - listed  # an image may stand once
    shutil.copy(min(others), one)
    os.utime(one, (1e9, 1e9))
    jobs = planned(own, "own.yaml")
    assert {"cohorts", "fit_study_first_0", "cross_validation", "blind_test", "book"} <= jobs
    assert "cohort_sizes" not in jobs
    # Also after a stop in between: the scans are read again, the rest is still to be done.
    make(own, "own.yaml", "cohorts")
    assert planned(own, "own.yaml") == jobs - {"quality", "cohorts"}


def test_a_changed_scan_table_is_noticed(own):
    table = own / "own" / "scans.tsv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join(lines[:-1]) + "\n")
    assert {"cohorts", "fit_study_first_0"} <= planned(own, "own.yaml")
