"""The smoke study from an empty folder to its book, and a user's own two-class study after it."""

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

pytestmark = pytest.mark.timeout(1800)  # a whole study, and its user's own after it

ROOT = Path(__file__).parents[2]
PAGES = (
    "cohort_sizes", "cohorts", "phantom", "training", "cross_validation", "protocol", "resolution",
    "blind_test",
    "saliency", "salient_region", "saliency_sanity", "binding_ratio", "radiomics", "fusion",
    "truth", "saliency_truth", "claims",
)  # fmt: skip
PARTS = (
    "Snakefile",
    "_config.yml",
    "book",
    "data_manifest",
    "datnet_core",
    "datnet_phantom",
    "datnet_study",
    "notebooks",
    "profiles",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project without any result."""
    folder = tmp_path_factory.mktemp("project")
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    return folder


def snakemake(project, study, *options):
    """Run the workflow as `make study` does; the finished process with its output."""
    command = [Path(sys.executable).with_name("snakemake"), "--workflow-profile", "profiles/local"]
    command += ["--config", f"study={study}", *options]
    return subprocess.run(command, cwd=project, capture_output=True, text=True)


@pytest.fixture(scope="module")
def smoke(project):
    """Results of the finished smoke study."""
    run = snakemake(project, "data_manifest/smoke.yaml")
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-6000:]
    return project / "results" / "smoke"


def test_every_page_leaves_its_result_and_its_chapter(smoke):
    for page in PAGES:
        result = json.loads((smoke / f"{page}.json").read_text())
        assert (result["page"], result["study"]) == (page, "smoke")
        assert (smoke / "book" / "pages" / f"{page}.html").is_file()
    assert "digital phantom" in (smoke / "book" / "intro.html").read_text()


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


def test_nothing_half_written_is_left(smoke):
    assert not [p for p in smoke.rglob("*") if ".part" in p.name or p.name.startswith("part-")]


def test_a_second_run_has_nothing_to_do(project, smoke):
    run = snakemake(project, "data_manifest/smoke.yaml")
    assert run.returncode == 0
    assert "Nothing to be done" in run.stdout + run.stderr


MOMENTS = {  # what stands on disk when everything is killed
    "the phantom is being written": "dataset/sub-*/**/*.nii.gz",
    "the first epoch of pre-training is over": "models/pretrain/member-0/checkpoint.pt",
    "a fold is being trained": "models/fold-*/member-*/checkpoint.pt",
    "predictions are being made": "fits/fold-1.ipynb",
}


def kill_at(project, study, pattern):
    """Start the study and kill -9 all of its processes as soon as a file is there."""
    command = [Path(sys.executable).with_name("snakemake"), "--workflow-profile", "profiles/local"]
    target = "results/smoke/predictions/blind_test.tsv"
    command += ["--config", f"study={study}", "--", target]
    with (project / "killed.log").open("a") as log:
        run = subprocess.Popen(command, cwd=project, stdout=log, stderr=log)
    while run.poll() is None and not any((project / "results/smoke").glob(pattern)):
        time.sleep(0.005)
    assert run.poll() is None, (project / "killed.log").read_text()[-3000:]
    parent = psutil.Process(run.pid)
    for process in [*parent.children(recursive=True), parent]:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended by itself
            process.kill()
    run.wait()


def test_a_study_killed_at_any_moment_ends_with_the_same_predictions(smoke, tmp_path):
    # Another folder, so this also says that two undisturbed runs agree file for file.
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    for pattern in MOMENTS.values():
        kill_at(tmp_path, "data_manifest/smoke.yaml", pattern)
    run = snakemake(tmp_path, "data_manifest/smoke.yaml", "--", "results/smoke/blind_test.json")
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-6000:]
    ours = tmp_path / "results" / "smoke"
    tables = sorted(p.name for p in (ours / "predictions").glob("*.tsv"))
    assert tables == [
        f"{p}{s}.tsv" for p in ("blind_test", "cross_validation") for s in ("", "_binding")
    ]
    for name in tables:
        assert (ours / "predictions" / name).read_bytes() == (
            smoke / "predictions" / name
        ).read_bytes()
    weights = sorted(
        p.relative_to(ours) for p in ours.glob("models/*/member-*/weights.safetensors")
    )
    assert len(weights) == 2 * (1 + 2)  # two networks each: pre-training and two folds
    for path in weights:
        assert (ours / path).read_bytes() == (smoke / path).read_bytes()


@pytest.mark.parametrize(
    ("section", "change", "expected"),
    [
        ("fusion", {"n_estimators": 21}, {"fusion", "claims", "book"}),
        ("radiomics", {"bin_width": 0.2}, {"radiomics", "claims", "book"}),
        (
            "saliency",
            {"region_threshold": 0.6},
            {"saliency", "salient_region", "binding_ratio", "radiomics", "claims", "book"},
        ),
    ],
)
def test_a_changed_setting_runs_only_what_depends_on_it(project, smoke, section, change, expected):
    settings = yaml.safe_load((project / "data_manifest/smoke.yaml").read_text())
    settings[section] = settings.get(section, {}) | change
    changed = project / "data_manifest/changed.yaml"
    changed.write_text(yaml.safe_dump(settings, sort_keys=False))
    run = snakemake(project, changed.relative_to(project), "--dry-run", "--quiet", "host")
    planned = set(re.findall(r"^(\w+) +1$", run.stdout, re.MULTILINE))
    assert planned - {"study", "total"} == expected


def test_a_failing_page_is_named_and_leaves_nothing(project, smoke):
    source = project / "notebooks" / "fusion.py"
    good = source.read_text()
    source.write_text(
        good.replace("alpha", "alpha").replace(
            "## What the trees see", "## What the trees see\n\n# %%\n1 / 0\n#"
        )
    )
    run = snakemake(project, "data_manifest/smoke.yaml")
    source.write_text(good)
    assert run.returncode != 0
    for part in ("page fusion failed in cell", "ZeroDivisionError", "fusion.log.ipynb"):
        assert part in run.stdout + run.stderr
    assert not (smoke / "fusion.json").exists()
    assert (smoke / "pages" / "fusion.log.ipynb").is_file()


def test_an_own_data_set_with_two_classes_becomes_a_book(project, smoke):
    own = project / "own"
    shutil.copytree(smoke / "dataset", own)
    scans = pd.read_csv(own / "scans.tsv", sep="\t", keep_default_na=False)
    scans["diagnosis"] = scans["diagnosis"].map({"IPD": "PD", "NC": "HC"})
    scans = scans[scans["diagnosis"].notna() & (scans["certainty"] != "possible")]
    scans.to_csv(own / "scans.tsv", sep="\t", index=False)
    settings = yaml.safe_load((project / "data_manifest/smoke.yaml").read_text())
    del settings["phantom"]
    settings |= {"name": "own", "title": "Two classes", "dataset": "own"}
    settings |= {"diagnoses": ["PD", "HC"], "control": "HC"}
    (project / "own.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    run = snakemake(project, "own.yaml")
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-6000:]
    book = project / "results" / "own" / "book"
    assert "digital phantom" not in (book / "pages" / "blind_test.html").read_text().lower()
    pages = {p.name for p in (book / "pages").iterdir()}
    assert not {"phantom.html", "truth.html", "saliency_truth.html"} & pages
    again = snakemake(project, "own.yaml", "--dry-run", "--quiet", "host")
    assert "Nothing to be done" in again.stdout + again.stderr
    assert (project / "results" / "own" / "training.json").is_file()


def test_each_network_starts_from_a_pre_training_of_its_own(smoke):
    for stage in ("fold-0", "fold-1", "test_fold/fold-1"):
        for j in range(2):
            config = (smoke / f"models/{stage}/member-{j}/config.json").read_text()
            assert json.loads(config)["start"] == f"pretrain/member-{j}"


def test_a_changed_own_scan_table_is_noticed(project):
    table = project / "own" / "scans.tsv"
    lines = table.read_text().splitlines()
    last = next(k for k, line in enumerate(lines) if "followup" in line)
    table.write_text("\n".join(lines[:last] + lines[last + 1 :]) + "\n")
    run = snakemake(project, "own.yaml", "--dry-run", "--quiet", "host")
    assert "cohorts" in run.stdout + run.stderr and "Nothing to be done" not in run.stderr


def test_a_changed_image_trains_again_also_after_a_stop_in_between(project):
    image = sorted((project / "own").rglob("*.nii.gz"))[0]
    os.utime(image)
    only_cohorts = snakemake(project, "own.yaml", "--", "results/own/cohorts.json")
    assert only_cohorts.returncode == 0, only_cohorts.stderr[-3000:]
    run = snakemake(project, "own.yaml", "--dry-run", "--quiet", "host")
    planned = set(re.findall(r"^(\w+) +\d+$", run.stdout, re.MULTILINE))
    assert {"fit", "fit_variant", "fit_recipe", "grid", "blind_test"} <= planned


def test_damaged_weights_are_named_and_made_again_once_deleted(project, smoke):
    path = smoke / "models/fold-0/member-1/weights.safetensors"
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    (smoke / "predictions/cross_validation.tsv").unlink()
    target = ("--", "results/smoke/predictions/cross_validation.tsv")
    run = snakemake(project, "data_manifest/smoke.yaml", *target)
    assert run.returncode != 0
    assert f"{path.relative_to(project)} is damaged" in run.stdout + run.stderr
    path.unlink()
    run = snakemake(project, "data_manifest/smoke.yaml", *target)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-6000:]
    assert path.read_bytes() == good
