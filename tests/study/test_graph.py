"""Which jobs a study has, what each waits for, and what makes it run again."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from datnet_core import fingerprint
from datnet_study.fits import planned_fits
from datnet_study.graph import Graph
from datnet_study.scans import keep_draw
from datnet_study.split import read_draw, write_draw
from datnet_study.study import read_study

ROOT = Path(__file__).parents[2]
PARTS = (
    "Makefile", "_config.yml", "book", "data_manifest", "datnet_core", "datnet_images",
    "datnet_phantom", "datnet_study",
    "notebooks",
)  # fmt: skip


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """A copy of the project with an own study in `own.yaml`, and its files as they are."""
    folder = tmp_path_factory.mktemp("project")
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    settings = yaml.safe_load((folder / "data_manifest/smoke.yaml").read_text())
    del settings["phantom"]
    (folder / "own.yaml").write_text(yaml.safe_dump(settings | {"name": "own", "dataset": "own"}))
    (folder / "own").mkdir()
    for name in ("a", "b", "unlisted"):
        (folder / f"own/{name}.nii.gz").write_text(f"image {name}")
    rows = ["path\tcertainty", "a.nii.gz\tdefinite", "b.nii.gz\tpossible"]
    (folder / "own/scans.tsv").write_text("\n".join(rows) + "\n")
    return folder, {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files(folder)}


@pytest.fixture
def project(pristine, monkeypatch):
    """The copy to edit; afterwards every file is as it was, so that hashes of code are known."""
    folder, were = pristine
    monkeypatch.setattr(fingerprint, "ROOT", folder)
    monkeypatch.chdir(folder)
    yield folder
    for path in files(folder) - set(were):
        path.unlink()
    for path, (content, time_ns) in were.items():
        if not path.is_file() or path.stat().st_mtime_ns != time_ns:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            os.utime(path, ns=(time_ns, time_ns))


def files(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


def graph(name="data_manifest/smoke.yaml"):
    return Graph(read_study(name))


def records(name="data_manifest/smoke.yaml"):
    """Name of the record of each job."""
    found = graph(name)
    return {name: found.record(job) for name, job in found.jobs.items()}


def changed(before, after):
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def fits(names):
    return {name for name in names if name.startswith("fit_")}


# --- which jobs there are ---------------------------------------------------------------------


def test_every_page_is_a_job_and_leaves_notebook_and_result():
    jobs = graph().jobs
    for source in (ROOT / "notebooks").glob("*.py"):
        assert jobs[source.stem].command == ("page", source.stem)
        assert {f"pages/{source.stem}.ipynb", f"{source.stem}.json"} <= {*jobs[source.stem].writes}


def test_a_page_is_not_there_for_a_study_that_has_nothing_for_it(project):
    def pages(settings):
        (project / "own.yaml").write_text(yaml.safe_dump(settings))
        return {name for name, job in graph("own.yaml").jobs.items() if job.command[0] == "page"}

    settings = yaml.safe_load((project / "own.yaml").read_text())
    every = {path.stem for path in (project / "notebooks").glob("*.py")}
    about_phantoms = {"phantom", "recipe", "truth", "saliency_truth"}
    assert pages(settings) == every - about_phantoms
    assert pages(settings | {"recipes": {}}) == every - about_phantoms - {"resolution"}
    del settings["learning_curve"]
    assert pages(settings) == every - about_phantoms - {"learning_curve"}


PAGE = """\
# ---
# jupyter:
#   datnet:
#     reads: [predictions/fusion.tsv, fusion.json]
#     writes: {aggregates: [new.tsv]}
#     settings: [fusion.max_depth]
# ---
"""


def test_a_new_page_file_is_found_without_any_other_edit(project):
    before = records()
    (project / "notebooks/new.py").write_text(PAGE)
    found = graph()
    job = found.jobs["new"]
    assert job.writes == ("new.json", "new.tsv", "pages/new.ipynb")
    fusion = found.record(found.jobs["fusion"])
    assert found.inputs(job) == ["predictions/fusion.tsv", "fusion.json", fusion]
    assert "pages/new.ipynb" in found.inputs(found.jobs["book"])
    after = records()
    assert set(after) - set(before) == {"new"}
    assert changed(before, {name: after[name] for name in before}) == {"book"}


@pytest.mark.parametrize("name", ["predictions/none.tsv", "dataset/none.tsv", "none.json"])
def test_reading_what_nobody_writes_names_page_and_header_line(project, name):
    (project / "notebooks/new.py").write_text(PAGE.replace("fusion.json", name))
    message = rf"page new reads '{name}', which no page writes; .* \(new\.py, line 4\)"
    with pytest.raises(ValueError, match=message):
        graph()


def test_a_page_that_reads_its_own_file_is_named(project):
    (project / "notebooks/new.py").write_text(PAGE.replace("fusion.json", "new.tsv"))
    message = r"in a circle: new starts from new \(new\.py, line 4\); take .* out of its header"
    with pytest.raises(ValueError, match=message):
        graph()


def test_pages_that_read_files_of_each_other_are_named_with_their_lines(project):
    (project / "notebooks/new.py").write_text(PAGE.replace("fusion.json", "other.tsv"))
    other = PAGE.replace("new.tsv", "other.tsv").replace("fusion.json", "new.tsv")
    (project / "notebooks/other.py").write_text(other)
    with pytest.raises(ValueError, match="jobs wait for each other in a circle") as error:
        graph()
    assert "new starts from other (new.py, line 4)" in str(error.value)
    assert "other starts from new (other.py, line 4)" in str(error.value)


def test_a_page_that_stops_writing_what_others_read_is_not_a_riddle(project):
    edit(project / "notebooks/cohorts.py", "volumes.npy, volumes.json]", "volumes.npy]")
    edit(project / "notebooks/cohorts.py", "cache: [volumes.npy, volumes.json]", "cache: []")
    with pytest.raises(ValueError, match=r"reads 'volumes\.json', which no page writes"):
        graph()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("new.tsv", "claims.tsv", r"'claims\.tsv' is written by claims and new"),
        ("fusion.max_depth", "fusion.depth", r"'fusion\.depth'.*\(new\.py, line 6\)"),
        ("reads: [", "reads: [data_manifest/none.tsv, ", r"none\.tsv', which is not.*line 4\)"),
    ],
)
def test_a_wrong_declaration_of_a_new_page_is_named(project, old, new, message):
    (project / "notebooks/new.py").write_text(PAGE.replace(old, new))
    with pytest.raises(ValueError, match=message):
        graph()


@pytest.mark.parametrize("name", ["book", "dataset", "fit_pretrain_member_0"])
def test_a_page_cannot_take_the_name_of_another_job(project, name):
    (project / f"notebooks/{name}.py").write_text(PAGE)
    with pytest.raises(ValueError, match=f"{name!r} has another meaning"):
        graph()


# --- the order --------------------------------------------------------------------------------


@pytest.mark.parametrize("study", ["smoke", "demo", "paper", "paper-published", "null", "recipes"])
def test_every_job_starts_after_those_whose_files_it_reads(study):
    found = graph(f"data_manifest/{study}.yaml")
    after = {name: set() for name in found.jobs}
    for name, job in found.jobs.items():
        inputs = found.inputs(job)
        for read in inputs:
            if not read.startswith("records/"):
                writer = found.writer[read].name  # of a phantom, every input has one
                after[name].add(writer)
                assert found.record(found.jobs[writer]) in inputs
    done = set()
    while ready := {name for name in after if name not in done and after[name] <= done}:
        done |= ready
    assert done == set(found.jobs)


def test_a_pattern_stands_for_all_that_it_matches_and_nothing_else():
    found = graph()
    folds = [fit for fit in planned_fits(found.study) if fit.folder.startswith("models/fold-")]
    models = {n for n in found.inputs(found.jobs["cross_validation"]) if n.startswith("models/")}
    assert models == {name for fit in folds for name in fit.files}


def test_the_image_ceiling_is_read_by_the_page_truth_alone():
    found = graph("data_manifest/recipes.yaml")
    made = found.jobs["ceiling"]
    assert made.writes == ("ceiling.tsv", "predictions/ceiling.tsv")
    for name in made.writes:
        assert {job for job in found.jobs if name in found.inputs(found.jobs[job])} == {"truth"}
    assert "ceiling" not in graph().jobs


def test_a_fit_waits_for_the_scans_and_for_the_network_it_starts_from():
    found = graph()
    fold = next(j for j in found.jobs.values() if j.command == ("fit", "models/fold-1/member-1"))
    first = next(j for j in found.jobs.values() if j.command == ("fit", "models/pretrain/member-1"))
    assert found.inputs(fold) == [
        "scans.tsv",
        "volumes.json",
        "models/pretrain/member-1/weights.safetensors",
        "volumes.npy",
        found.record(found.jobs["cohorts"]),
        found.record(first),
    ]


def test_fits_depend_on_the_simulated_people_where_they_start_there(project):
    names = [f"data_manifest/simulated/{name}" for name in ("weights.safetensors", "config.json")]
    (project / "data_manifest/simulated").mkdir(exist_ok=True)
    settings = yaml.safe_load((project / "own.yaml").read_text())
    settings["training"]["pretrain_on"] = "simulated"
    (project / "simulated.yaml").write_text(yaml.safe_dump(settings))
    for name in names:
        (project / name).write_text("first")
    own, simulated = records("own.yaml"), records("simulated.yaml")
    for name in names:
        (project / name).write_text("other")
        now, before = records("simulated.yaml"), simulated
        assert {"fit_fold_0_member_0", "training"} <= changed(before, now)
        simulated = now
    assert changed(own, records("own.yaml")) <= {"simulated", "book"}  # the page of the weights


def test_a_job_is_missing_while_its_record_or_a_file_of_it_is(project):
    found = graph("own.yaml")
    assert found.missing() == list(found.jobs.values())
    names = [name for job in found.jobs.values() for name in (found.record(job), *job.writes)]
    for name in names:
        path = project / "results/own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert found.missing() == []
    fusion = found.jobs["fusion"]
    for name in (found.record(fusion), "predictions/fusion.tsv"):
        path = project / "results/own" / name
        path.unlink()
        assert found.missing() == [fusion]
        path.touch()
    shutil.rmtree(project / "results")


# --- what makes a job run again ---------------------------------------------------------------


def test_planning_changes_no_file(project):
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    records("own.yaml")
    records()
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("datnet_core/network.py", "import", "# why\nimport"),
        ("datnet_core/training/plan.py", '"""Who teaches', '"""Which people teach'),
        ("datnet_study/networks.py", "def train(", "\n# Another line.\n\ndef train("),
        ("datnet_study/page.py", "A page while it runs", "A page while it is run"),
    ],
)
def test_a_comment_or_a_docstring_changes_the_reference_in_the_book_alone(project, file, old, new):
    before = records()
    edit(project / file, old, new)
    assert changed(before, records()) == {"book"}


@pytest.mark.parametrize(
    ("page", "old", "new"),
    [
        ("saliency", "where the network looks", "at what the network looks"),
        ("saliency", "import copy", "import copy  # of a model"),
        ("cohorts", "see by\n# eye", "see by\n# looking"),
    ],
)
def test_prose_of_a_page_changes_that_page_and_the_book_alone(project, page, old, new):
    before = records()
    edit(project / f"notebooks/{page}.py", old, new)
    assert changed(before, records()) == {page, "book"}


def test_a_number_in_a_page_changes_the_pages_after_it(project):
    before = records()
    edit(project / "notebooks/radiomics.py", "alpha: float = 0.05", "alpha: float = 0.01")
    assert changed(before, records()) == {"radiomics", "claims", "reporting", "summary", "book"}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("datnet_core/network.py", "2", "3"),
        ("datnet_core/training/plan.py", "len(group) > 1", "len(group) > 2"),
        ("datnet_images/grid.py", "return ", "0\n    return "),
        ("datnet_study/networks.py", "training.seed, job.member", "training.seed, 7 + job.member"),
    ],
)
def test_a_changed_number_that_reaches_the_training_changes_every_fit(project, file, old, new):
    before = records()
    text = (project / file).read_text()
    if file.endswith("network.py"):  # the first number of a statement
        position = text.index("\ndef ")
        old = next(line for line in text[position:].splitlines() if " = " in line and "2" in line)
        new = old.replace("2", "3", 1)
    edit(project / file, old, new)
    assert fits(before) <= changed(before, records())


def test_what_measures_a_network_changes_no_fit(project):
    before = records()
    edit(project / "datnet_core/metrics/auc.py", "return ", "0\n    return ")
    found = changed(before, records())
    assert "cross_validation" in found
    assert not fits(found) and "cohorts" not in found


@pytest.mark.parametrize(
    ("section", "change", "expected"),
    [
        ("fusion", {"n_estimators": 21},
         {"fusion", "late_fusion", "claims", "reporting", "summary", "book"}),
        ("radiomics", {"bin_width": 0.2},
         {"radiomics", "devices", "claims", "reporting", "summary", "book"}),
        ("decisions", {"cross_validation": "argmax"},
         {"cross_validation", "blind_test", "calibration", "external", "fusion", "late_fusion",
          "truth", "protocol", "reporting",
          "resolution", "scan_report", "claims", "summary", "book"}),
        ("saliency", {"region_threshold": 0.6},
         {"saliency", "salient_region", "binding_ratio", "circularity", "radiomics", "claims",
          "reporting", "summary", "book"}),
    ],
)  # fmt: skip
def test_a_setting_changes_the_pages_that_declare_it_and_those_after_them(
    project, section, change, expected
):
    before = records()
    path = project / "data_manifest/smoke.yaml"
    settings = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(settings | {section: settings.get(section, {}) | change}))
    assert changed(before, records()) == expected


def test_a_setting_of_the_training_changes_the_fits_and_not_the_scans(project):
    before = records()
    edit(project / "data_manifest/smoke.yaml", "max_epochs: 3", "max_epochs: 4")
    found = changed(before, records())
    assert fits(before) | {"training"} <= found
    assert not {"dataset", "cohorts", "phantom", "cohort_sizes", "grid_16mm"} & found


def test_a_recipe_changes_its_own_fits_alone(project):
    before = records()
    edit(project / "data_manifest/smoke.yaml", "n_filters: 2}", "n_filters: 3}")
    found = changed(before, records())
    assert found == {name for name in before if name.startswith("fit_recipes")} | {
        "resolution",
        "book",
    }


def test_two_files_of_one_name_in_the_book_both_count(project):
    (project / "book/images/same.md").write_text("one")
    (project / "book/_static/same.md").write_text("one")
    before = records()
    for name in ("book/images/same.md", "book/_static/same.md"):
        (project / name).write_text("other")
        after = records()
        assert changed(before, after) == {"book"}
        before = after


# --- the user's own scans ---------------------------------------------------------------------


@pytest.fixture
def looked_at(project):
    """The own study after a first look at its images, as the page on the cohorts leaves it."""
    paths = [project / "own" / name for name in ("a.nii.gz", "b.nii.gz")]
    fingerprint.content_hashes(paths, project / "results/own/files.json", write=True)
    return project


def test_a_known_image_is_not_read_again(looked_at, monkeypatch):
    read, digest = [], fingerprint.hashlib.file_digest

    def noted(file, kind):
        read.append(Path(file.name).name)
        return digest(file, kind)

    monkeypatch.setattr(fingerprint.hashlib, "file_digest", noted)
    records("own.yaml")
    assert read == ["scans.tsv"]


def test_an_image_replaced_by_an_older_one_is_noticed(looked_at):
    before = records("own.yaml")
    path = looked_at / "own/b.nii.gz"
    path.write_text("image x")  # as long as the one before
    os.utime(path, (1e9, 1e9))
    found = changed(before, records("own.yaml"))
    assert fits(before) | {"cohorts", "training", "book"} <= found
    assert "cohort_sizes" not in found


def test_a_touched_image_is_not(looked_at):
    before = records("own.yaml")
    for path in (looked_at / "own").iterdir():
        os.utime(path)
    assert changed(before, records("own.yaml")) == set()


def test_a_file_that_the_table_does_not_name_counts_for_nothing(looked_at):
    before = records("own.yaml")
    (looked_at / "own/unlisted.nii.gz").write_text("other")
    (looked_at / "own/new.nii.gz").write_text("new")
    assert changed(before, records("own.yaml")) == set()


def test_a_changed_scan_table_is_noticed(looked_at):
    before = records("own.yaml")
    edit(looked_at / "own/scans.tsv", "a.nii.gz\tdefinite", "a.nii.gz\tconfirmed")
    # Where nobody is judged blind there is no learning curve, so jobs may differ.
    assert before["cohorts"] != records("own.yaml")["cohorts"]


@pytest.mark.parametrize(
    "words", ["values: {certainty: {possible: definite}}", "columns: {age: Age}", "sheet: Scans"]
)
def test_a_table_that_is_read_otherwise_is_noticed(looked_at, words):
    before = records("own.yaml")
    edit(looked_at / "own.yaml", "name: own", f"name: own\n{words}")
    # What is mapped to `possible` decides whether there is a pre-training, so jobs may differ.
    assert before["cohorts"] != records("own.yaml")["cohorts"]


def test_another_draw_of_the_blind_test_is_noticed(looked_at):
    table = looked_at / "own/scans.tsv"
    table.write_text("participant_id\tpath\n1\ta.nii.gz\n2\tb.nii.gz\n")
    edit(looked_at / "own.yaml", "name: own", "name: own\nsplit: 0.5")
    before = records("own.yaml")
    table = read_study("own.yaml").scan_table
    keep_draw(table)  # what the plan has drawn already, so nothing is new
    assert records("own.yaml") == before
    sides = {name: not side for name, side in read_draw(table.split_path, 0.5).items()}
    table.split_path.unlink()
    write_draw(table.split_path, sides, 0.5)
    assert fits(before) | {"cohorts"} <= changed(before, records("own.yaml"))


def test_a_table_with_the_same_images_in_other_places_is_noticed(looked_at):
    before = records("own.yaml")
    a, b = (looked_at / f"own/{name}.nii.gz" for name in "ab")
    a.rename(looked_at / "own/c")
    b.rename(a)
    (looked_at / "own/c").rename(b)
    assert "cohorts" in changed(before, records("own.yaml"))


def test_a_data_set_that_was_moved_as_a_whole_keeps_its_results(looked_at):
    before = records("own.yaml")
    (looked_at / "own").rename(looked_at / "moved")
    edit(looked_at / "own.yaml", "dataset: own", "dataset: moved")
    after = records("own.yaml")
    # The notice of every page names the folder: all are shown again, and nothing is computed anew.
    assert not fits(changed(before, after))


def test_without_its_images_a_study_can_still_be_planned(looked_at):
    (looked_at / "own/a.nii.gz").unlink()
    (looked_at / "own/scans.tsv").unlink()
    assert "cohorts" in records("own.yaml")


# --- where the scans lie ----------------------------------------------------------------------


@pytest.fixture
def native(looked_at):
    """The own study with scans in native space, and a transform and a verdict by hand."""
    settings = yaml.safe_load((looked_at / "own.yaml").read_text())
    images = {"grid_mm": 8, "space": "native", "transforms": "hand", "verdicts": "seen.tsv"}
    (looked_at / "own.yaml").write_text(yaml.safe_dump(settings | {"images": images}))
    (looked_at / "hand").mkdir(exist_ok=True)
    (looked_at / "hand/a_xfm.tfm").write_text("a map")
    (looked_at / "seen.tsv").write_text("a verdict")
    return looked_at


def test_scans_are_normalised_where_they_lie_in_native_space_only(native):
    assert "normalise" not in graph().jobs
    found = graph("own.yaml")
    assert found.jobs["normalise"].command == ("normalise",)
    assert "normalised/scans.tsv" in found.inputs(found.jobs["quality"])
    assert found.record(found.jobs["quality"]) in found.inputs(found.jobs["cohorts"])
    edit(native / "own.yaml", "space: native", "space: mni")
    edit(native / "own.yaml", "transforms: hand", "transforms: null")
    assert "normalise" not in graph("own.yaml").jobs


def test_every_page_on_the_scans_waits_for_their_quality():
    found = graph()
    reads = found.inputs(found.jobs["cohorts"])
    assert {"quality.tsv", found.record(found.jobs["quality"])} <= set(reads)


@pytest.mark.parametrize(
    ("file", "unchanged"),
    [("hand/a_xfm.tfm", set()), ("own/a.nii.gz", set()), ("seen.tsv", {"normalise"})],
)
def test_what_was_made_by_hand_is_noticed(native, file, unchanged):
    before = records("own.yaml")
    (native / file).write_text("another")
    found = changed(before, records("own.yaml"))
    assert {"normalise", "quality", "cohorts"} - unchanged <= found
    assert not unchanged & found


@pytest.mark.parametrize("line", ["scan_fwhm_mm: 4", "filter_fwhm_mm: 4", "fit_striatum: false"])
def test_how_scans_are_normalised_is_noticed(native, line):
    before = records("own.yaml")
    edit(native / "own.yaml", "space: native", f"{line}\n  space: native")
    assert {"normalise", "quality", "cohorts"} <= changed(before, records("own.yaml"))
