"""Study files: what is accepted, and what an error says."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from datnet_study.study import Study, read_study

ROOT = Path(__file__).parents[2]
PHANTOM = {"participants": {"definite": {"IPD": 5, "NC": 4}, "confirmed": {"IPD": 2}}}
GOOD = {"name": "mine", "title": "My scans", "dataset": "scans"}


@pytest.fixture
def write(tmp_path):
    def study_file(**settings):
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump(GOOD | settings))
        return path

    return study_file


MANIFEST = ROOT / "data_manifest"
SHIPPED = set(MANIFEST.glob("*.yaml")) - set(MANIFEST.glob("phantom*.yaml"))
SHIPPED -= {MANIFEST / "ppmi_clinical.yaml"}  # names of columns


@pytest.mark.parametrize("path", sorted(SHIPPED), ids=lambda p: p.stem)
def test_every_shipped_study_file_is_read(path):
    assert read_study(path).name == path.stem


def test_no_shipped_study_file_repeats_the_cohort_of_another():
    own = [yaml.safe_load(path.read_text()).get("phantom", {}) for path in sorted(SHIPPED)]
    cohorts = [phantom["participants"] for phantom in own if "participants" in phantom]
    assert len(cohorts) < len(own)
    assert [cohort for k, cohort in enumerate(cohorts) if cohort in cohorts[:k]] == []


def test_the_negative_control_is_the_demonstration_but_for_the_difference():
    demo, null = (read_study(ROOT / f"data_manifest/{name}.yaml") for name in ("demo", "null"))
    assert not demo.phantom.identical_patients and null.phantom.identical_patients
    assert null.phantom.participants["confirmed"] == {"IPD": 34, "MSA": 16, "PSP": 12}
    assert (null.phantom.seed, null.phantom.follow_ups) == (2022, 20)
    assert null.network.n_members == 1
    same = set(type(demo).model_fields) - {"name", "title", "phantom"}
    assert null.model_dump(include=same) == demo.model_dump(include=same)


def test_the_published_network_has_the_cohort_of_the_paper_and_no_other_setting_of_it():
    paper, published = (
        read_study(ROOT / f"data_manifest/{name}.yaml") for name in ("paper", "paper-published")
    )
    assert published.phantom == paper.phantom
    assert published.phantom.participants["definite"] == {
        "NC": 43,
        "IPD": 146,
        "MSA": 79,
        "PSP": 54,
    }
    assert published.phantom.follow_ups == 96
    assert published.images.grid_mm == 2
    assert published.network.field_mm is None
    assert published.network.resized_to == (96, 96, 96)
    assert (published.training.max_epochs, published.training.patience) == (50, 30)
    assert published.training.halve_after == 10
    assert (published.training.max_steps, published.training.early_stopping_on) == (None, "inner")
    assert not published.recipes and not paper.recipes


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"netwrok": {}}, r"netwrok: unknown key; expected one of name, title"),
        (
            {"network": {"filters": 3}},
            r"network\.filters: unknown key; expected one of field_mm, n_filters",
        ),
        ({"network": 3}, r"network: expected `key: value` lines, found 3"),
        ({"title": 3}, r"title: .*valid string.*found 3"),
        ({"images": {"grid_mm": float("inf")}}, r"images\.grid_mm: .*finite.*found inf"),
        ({"images": {"space": "camera"}}, r"images\.space: .*'mni' or 'native'.*found 'camera'"),
        ({"images": {"filter_fwhm_mm": -1}}, r"images\.filter_fwhm_mm: .*equal to 0.*found -1"),
        ({"images": {"scan_fwhm_mm": 0}}, r"images\.scan_fwhm_mm: .*greater than 0.*found 0"),
        ({"images": {"transforms": "hand"}}, r"images\.transforms is for scans in native space"),
        ({"images": {"fit_striatum": False}}, r"images\.fit_striatum is false, and space mni"),
        ({"images": {"space": "native", "input": "bp"}}, r"images\.input is bp, and space native"),
        (
            {"dataset": None, "phantom": {"participants": {}}, "images": {"space": "native"}},
            r"images\.space is native, and a phantom lies in MNI space",
        ),
        ({"training": {"batch_size": 2.5}}, r"training\.batch_size: .*valid integer.*found 2\.5"),
        ({"training": {"pretrain": True}}, r"training\.pretrain: .*write pretrain_on: cohort for"),
        ({"training": {"pretrain_on": "all"}}, r"training\.pretrain_on: .*'cohort'.*found 'all'"),
        ({"training": {"learning_rate": "fast"}}, r"training\.learning_rate: .*number.*'fast'"),
        ({"training": {"batch_size": 6, "devices": 4}}, r"  training\.batch_size is 6, expected"),
        ({"training": {"n_folds": 1}}, r"training\.n_folds: .*greater than or equal to 2.*found 1"),
        ({"saliency": {"region_rule": "best"}}, r"saliency\.region_rule: .*'rescaled'.*'best'"),
        ({"control": "HC"}, r"control 'HC' is not one of diagnoses \('IPD', 'MSA', 'PSP', 'NC'\)$"),
        ({"diagnoses": ["NC", "PD", "NC"]}, r"diagnoses names a group twice"),
        ({"diagnoses": ["NC"]}, r"diagnoses: .*at least 2 items.*found \['NC'\]"),
        ({"dataset": None}, r"exactly one of `dataset` \(your scans\) and `phantom`$"),
        ({"name": "a/b"}, r"name: "),
        (
            {"diagnoses": ["PD/DLB", "NC"]},
            r"diagnoses has \['PD/DLB'\], expected .* values\.diagnosis",
        ),
        ({"columns": {"Age": "age"}}, r"columns\.Age: .*'participant_id'.*found 'Age'"),
        ({"values": {"sex": {"x": ["M"]}}}, r"values\.sex\.x: .*valid string"),
        ({"split": 1}, r"split: .*less than 1, found 1"),
        (
            {"dataset": None, "phantom": PHANTOM, "split": 0.5},
            r"a phantom has no \['split'\]; these are for `dataset`",
        ),
        ({"phantom": {"participants": {}}}, r"exactly one"),
        (
            {"dataset": None, "phantom": {"participants": {"definite": {"XY": 1}}}},
            r"names \['XY'\]",
        ),
        (
            {"dataset": None, "phantom": {"participants": {"sure": {"IPD": 1}}}},
            r"phantom\.participants\.sure: .*'possible'",
        ),
        ({"dataset": None, "phantom": {"sede": 1}}, r"phantom\.sede: unknown key; expected one of"),
        ({"dataset": None, "phantom": {"seed": 1}}, r"phantom\.participants: missing"),
        (
            {"dataset": None, "phantom": {"participants": {"definite": {"IPD": "many"}}}},
            r"phantom\.participants\.definite\.IPD: .*valid integer.*found 'many'",
        ),
        (
            {"dataset": None, "phantom": PHANTOM | {"follow_ups": 3}},
            r"phantom\.follow_ups is 3, expected at most the 2 participants",
        ),
        (
            {"dataset": None, "phantom": PHANTOM | {"oracle_scans": 10}},
            r"phantom\.oracle_scans: .*greater than 10.*found 10",
        ),
        (
            {"training": {"flips": False}},
            r"network\.both_sides is true, but .* no network has seen",
        ),
        (
            {"network": {"field_mm": [[-40, 44], [-40, 36], [-30, 34]]}},
            r"network\.field_mm goes from -40 to 44 mm along x; expected as far",
        ),
        (
            {"recipes": {"half": {"network": {"field_mm": [[0, 44], [-40, 36], [-30, 34]]}}}},
            r"network\.field_mm goes from 0 to 44 mm along x; expected as far",
        ),
    ],
)
def test_an_error_names_the_key_and_what_was_expected(write, settings, message):
    with pytest.raises(ValueError, match=message):
        read_study(write(**settings))


def test_a_study_without_mirror_images_may_look_at_one_side(write):
    field = [[-40, 0], [-40, 36], [-30, 34]]
    network = {"both_sides": False, "field_mm": field}
    study = read_study(write(network=network, training={"flips": False}))
    assert study.network.field_mm[0] == (-40, 0)


def test_all_problems_are_listed_at_once(write):
    path = write(network={"filters": 3, "dropout": 2}, fusion={"max_depth": 0})
    with pytest.raises(ValueError, match=r"3 setting\(s\) to correct") as error:
        read_study(path)
    for key in ("network.filters", "network.dropout", "fusion.max_depth"):
        assert key in str(error.value)


def test_an_error_says_one_thing_only_once(write):
    with pytest.raises(ValueError) as error:
        read_study(write(netwrok={}))
    head, *lines = str(error.value).splitlines()
    assert head.endswith("study.yaml: 1 setting(s) to correct")
    assert len(lines) == 1 and lines[0].count("netwrok") == 1


def test_a_missing_file_says_where_it_was_looked_for(monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    with pytest.raises(FileNotFoundError) as error:
        read_study("data_manifest/nowhere.yaml")
    for place in (ROOT / "notebooks", ROOT):
        assert str(place / "data_manifest/nowhere.yaml") in str(error.value)


def test_a_missing_file_of_one_place_is_named_once(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        read_study(tmp_path / "nowhere.yaml")
    assert "looked at" in str(error.value) and " and " not in str(error.value)


def test_an_absolute_path_is_read_from_anywhere(write, tmp_path, monkeypatch):
    path = write()
    monkeypatch.chdir(ROOT / "tests")
    study = read_study(path)
    assert study.source == path
    assert study.results == ROOT / "results" / "mine"  # results stay in the project
    assert study.dataset_root == ROOT / "scans"  # relative to the project
    assert read_study(write(dataset=str(tmp_path))).dataset_root == tmp_path


def test_a_phantom_study_writes_its_own_data_set(write):
    study = read_study(write(dataset=None, phantom=PHANTOM | {"follow_ups": 2}))
    assert study.dataset_root == study.results / "dataset"


def test_a_study_file_is_found_from_a_folder_below_the_project(monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    study = read_study("data_manifest/smoke.yaml")
    assert study.results == ROOT / "results" / "smoke"
    assert study.atlas_path.is_file()


def test_text_instead_of_settings_is_refused(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("just text")
    with pytest.raises(ValueError, match="expected `key: value` lines, found str"):
        read_study(path)


def test_what_is_no_yaml_is_refused_by_its_line(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("name: mine\ntitle: [My scans\n")
    with pytest.raises(ValueError, match=r"study\.yaml: not readable as YAML[\s\S]*line 3"):
        read_study(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\n\ttitle: t\n", r"line 2: found character '\\t' that cannot start any token; ex"),
        (
            "name: a\ntitle: b: c\n",
            r"line 2: mapping values are not allowed here; expected .* in q",
        ),
        ("name: a\0b\n", r"not readable as YAML: unacceptable character"),
    ],
)
def test_an_error_of_yaml_is_one_line_with_what_to_do(tmp_path, text, message):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        read_study(tmp_path / "a.yaml")
    assert len(str(error.value).splitlines()) == 1


def test_a_number_without_a_decimal_point_is_a_number(tmp_path):
    path = tmp_path / "study.yaml"  # YAML 1.1 reads 1e-4 as text
    path.write_text("{name: mine, title: t, dataset: scans, training: {learning_rate: 1e-4}}")
    assert read_study(path).training.learning_rate == 0.0001


def test_without_the_usual_control_among_the_diagnoses_there_are_no_controls(write):
    study = read_study(write(diagnoses=["PD", "ET"]))
    assert study.patients == study.compared == ("PD", "ET")


def test_one_patient_group_is_compared_with_the_controls(write):
    study = read_study(write(diagnoses=["PD", "HC"], control="HC"))
    assert (study.patients, study.compared) == (("PD",), ("PD", "HC"))
    assert "phantom" not in study.notice


def test_a_phantom_says_so(study):
    assert "digital phantom" in study.notice
    assert study.compared == ("IPD", "MSA", "PSP")


def test_a_recipe_changes_what_it_names_and_has_one_network(write):
    recipes = {"fine": {"grid_mm": 2, "network": {"n_filters": 3, "n_members": 7}}, "plain": {}}
    recipes["long"] = {"training": {"max_epochs": 99, "seed": 4}}
    study = read_study(write(network={"dropout": 0.1, "n_members": 5}, recipes=recipes))
    assert study.recipe("study") == (4.0, study.network, study.training)
    one = replace(study.network, n_members=1)
    assert study.recipe("plain") == (4.0, one, study.training)
    assert study.recipe("fine") == (2.0, replace(one, n_filters=3), study.training)
    longer = replace(study.training, max_epochs=99, seed=4)
    assert study.recipe("long") == (4.0, one, longer)
    assert study.volumes(4.0).name == "volumes.npy"
    assert study.volumes(2.0).name == "volumes_2mm.npy"
    with pytest.raises(ValueError, match="'coarse' is not one of study, fine, long, plain"):
        study.recipe("coarse")


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (
            {"network": {"filters": 3}},
            r"recipes\.r\.network\.filters: unknown key; expected one of field_mm, n_filters",
        ),
        ({"network": {"n_filters": 0}}, r"recipes\.r\.network\.n_filters: .*greater.*found 0"),
        ({"grid_mm": -2}, r"recipes\.r\.grid_mm: .*greater than 0, found -2"),
        ({"grid": 2}, r"recipes\.r\.grid: unknown key"),
        ({"training": {"epochs": 3}}, r"recipes\.r\.training\.epochs: unknown key"),
        ({"training": {"pretrain": False}}, r"recipes\.r\.training\.pretrain: .*none for false"),
        ({"training": {"n_folds": 3}}, r"recipes\.r\.training\.n_folds: the folds are those of"),
        ({"training": {"flips": False}}, r"both_sides"),
    ],
)
def test_a_recipe_with_an_error_is_refused_when_the_file_is_read(write, recipe, message):
    with pytest.raises(ValueError, match=message):
        read_study(write(recipes={"r": recipe}))


@pytest.mark.parametrize("name", ["study", "on", "null", "8", "Mm2", "a.b"])
def test_a_recipe_needs_a_name_that_is_only_a_name(write, name):
    with pytest.raises(ValueError, match=rf"recipes\.{name}"):
        read_study(write(recipes={name: {}}))


def test_a_study_file_says_how_the_table_is_read(tmp_path):
    text = """
name: mine
title: My scans
dataset: scans
table: ~/patients.xlsx
sheet: "2021"
columns: {age: Age (y)}
values: {sex: {1: M, 2.0: F, NO: null}, diagnosis: {010: NC}}
split: 0.25
training: {seed: 4}
"""
    (tmp_path / "a.yaml").write_text(text)
    table = read_study(tmp_path / "a.yaml").scan_table
    assert table.path == Path.home() / "patients.xlsx"
    assert (table.folder, table.sheet, table.split) == (ROOT / "scans", "2021", 0.25)
    assert table.columns == {"age": "Age (y)"}
    assert table.values == {"sex": {"1": "M", "2": "F", "NO": None}, "diagnosis": {"010": "NC"}}
    assert (table.split_path, table.seed) == (tmp_path / "a.split.tsv", 4)


def test_a_study_that_extends_another_has_its_draw(write_files):
    base = "{name: base, title: t, dataset: scans, split: 0.5}"
    path = write_files(mine="{extends: base, name: mine}", base=base)
    assert read_study(path).scan_table.split_path.name == "base.split.tsv"
    path = write_files(mine="{extends: base, name: mine, split: 0.4}", base=base)
    assert read_study(path).scan_table.split_path.name == "mine.split.tsv"


def test_words_that_yaml_reads_as_something_else_stay_words(tmp_path):
    text = "{name: off, title: 2021-05-01, dataset: 12:30, diagnoses: [NO, yes], control: NO}"
    (tmp_path / "a.yaml").write_text(text)
    study = read_study(tmp_path / "a.yaml")
    assert (study.name, study.title, str(study.dataset)) == ("off", "2021-05-01", "12:30")
    assert (study.diagnoses, study.control) == (("NO", "yes"), "NO")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nname: b\n", r"a\.yaml, lines 1 and 2: the key 'name' is given twice"),
        (
            "name: a\ntraining:\n  seed: 1\n  n_folds: 3\n  seed: 2\n",
            r"lines 3 and 5: the key 'seed' is given twice, and only one would count",
        ),
    ],
)
def test_a_key_that_is_given_twice_is_refused_with_both_lines(tmp_path, text, message):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_study(tmp_path / "a.yaml")


def test_a_study_file_of_another_encoding_is_named(tmp_path):
    (tmp_path / "a.yaml").write_bytes("title: Größe".encode("latin-1"))
    with pytest.raises(ValueError, match=r"a\.yaml: not UTF-8 .*; save it as UTF-8"):
        read_study(tmp_path / "a.yaml")


@pytest.fixture
def write_files(tmp_path):
    """Write study files by name; the first one is read."""

    def written(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        return tmp_path / f"{next(iter(files))}.yaml"

    return written


BASE = """
name: base
title: Base
phantom:
  seed: 5
  participants: {definite: {IPD: 5, NC: 4}, confirmed: {IPD: 2}}
  mislabelled: {possible: 0.1}
network: {n_filters: 8, dropout: 0.1}
recipes: {fine: {grid_mm: 2}, wide: {network: {n_filters: 32}}}
"""


def test_a_study_starts_from_another_and_changes_what_it_names(write_files):
    own = """
extends: base.yaml
name: mine
phantom: {participants: {definite: {IPD: 7}, possible: {IPD: 1}}}
network: {dropout: 0.2, field_mm: null}
training: {seed: 3}
"""
    study = read_study(write_files(mine=own, base=BASE))
    assert (study.name, study.title) == ("mine", "Base")
    assert study.phantom.seed == 5
    assert study.phantom.participants == {
        "definite": {"IPD": 7, "NC": 4},
        "possible": {"IPD": 1},
        "confirmed": {"IPD": 2},
    }
    assert (study.network.n_filters, study.network.dropout) == (8, 0.2)
    assert study.network.field_mm is None  # null is a value here: the whole image
    assert study.training.seed == 3
    assert list(study.recipes) == ["fine", "wide"]


def test_a_list_is_replaced_and_not_continued(write_files):
    base = BASE + "diagnoses: [IPD, NC, MSA]\n"
    study = read_study(write_files(mine="{extends: base, diagnoses: [NC, IPD]}", base=base))
    assert study.diagnoses == ("NC", "IPD")


def test_null_takes_a_group_away(write_files):
    own = "{extends: base, dataset: scans, phantom: null, network: null, recipes: {fine: null}}"
    study = read_study(write_files(mine=own, base=BASE))
    assert study.phantom is None and study.dataset == Path("scans")
    assert study.network.n_filters == 8  # the default again
    assert list(study.recipes) == ["wide"]


def test_a_study_may_start_from_one_that_starts_from_another(write_files):
    path = write_files(
        mine="{extends: middle, network: {n_levels: 3}}",
        middle="{extends: base.yaml, title: Middle, network: {n_filters: 4}}",
        base=BASE,
    )
    study = read_study(path)
    assert (study.title, study.network.n_filters, study.network.n_levels) == ("Middle", 4, 3)
    assert study.network.dropout == 0.1
    assert study.source == path


@pytest.mark.parametrize("name", ["demo", "demo.yaml"])
def test_a_study_may_start_from_one_of_the_projects(write_files, name):
    study = read_study(write_files(mine=f"{{extends: {name}, name: mine}}"))
    assert study.phantom.participants["confirmed"] == {"IPD": 34, "MSA": 16, "PSP": 12}


def test_a_circle_is_refused_with_the_files_that_make_it(write_files):
    path = write_files(mine="extends: a", a="extends: b", b="extends: ./a.yaml")
    with pytest.raises(ValueError, match=r"in a circle: \S*/a.yaml -> \S*/b.yaml -> \S*/a.yaml$"):
        read_study(path)


@pytest.mark.parametrize(
    ("own", "base", "message"),
    [
        ("{netwrok: {}}", "", r"netwrok: unknown key; expected one of [a-z_, ]*$"),
        ("{}", "netwrok: {}", r"netwrok: unknown key; expected one of .* \(in \S*/base.yaml\)$"),
        (
            "{network: {dropout: 0.1}}",
            "fusion: {depth: 1}",
            r"fusion\.depth: .*\(in \S*/base\.yaml",
        ),
        ("{fusion: {max_depth: 0}}", "fusion: {depth: 1}", r"max_depth: .*found 0$"),
        ("{network: {n_filters: 0}}", "", r"network\.n_filters: .*found 0$"),
        ("{}", "images: {grid_mm: [1, 2]}", r"images\.grid_mm: .*\(in \S*/base\.yaml\)$"),
        ("{title: null}", "", r"title: missing$"),
    ],
)
def test_an_error_names_the_file_that_the_wrong_key_stands_in(write_files, own, base, message):
    path = write_files(mine="{extends: base, " + own[1:], base=BASE + base)
    with pytest.raises(ValueError, match="(?m)" + message):
        read_study(path)


@pytest.mark.parametrize(
    ("own", "error", "message"),
    [
        (
            "extends: nothing",
            FileNotFoundError,
            r"mine\.yaml: extends: no study file 'nothing'; lo",
        ),
        (
            "extends: 3",
            ValueError,
            r"mine\.yaml: extends: expected the name of a study file, found 3",
        ),
        ("extends: broken", ValueError, r"/broken\.yaml: not readable as YAML"),
        ("extends: words", ValueError, r"/words\.yaml: expected `key: value` lines, found str"),
    ],
)
def test_what_cannot_be_extended_is_refused(write_files, own, error, message):
    with pytest.raises(error, match=message):
        read_study(write_files(mine=own, broken="a: [", words="only words"))


def test_outside_of_a_project_nothing_is_read(write, tmp_path, monkeypatch):
    path = write()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="expected a folder data_manifest/ in .*go to the"):
        read_study(path)


def test_a_study_is_made_by_reading_a_file_only():
    with pytest.raises(TypeError, match="needs its place, found None; read it with `read_study`"):
        Study(**GOOD)


def test_images_in_mni_space_are_the_users_own_or_those_made_from_them(write):
    study = read_study(write())
    assert study.images_root == study.dataset_root
    assert study.by_hand("verdicts") is None
    images = {"space": "native", "transforms": "hand", "verdicts": "~/seen.tsv"}
    study = read_study(write(images=images))
    assert study.images_root == study.results / "normalised"
    assert study.by_hand("transforms") == study.data_manifest.with_name("hand")
    assert study.by_hand("verdicts") == Path.home() / "seen.tsv"
