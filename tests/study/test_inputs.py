"""Inputs as users bring them: what would go wrong in silence is refused in a line, or read right.

Each kind of input stands here once, with the reason why it matters, as a user would meet it: from
the study file to the array of the scans. Their parts are tested beside the modules.
"""

import gzip
import os
import shutil
from collections import namedtuple

import nibabel as nib
import numpy as np
import pytest
import yaml

from datnet_study import cached_scans
from datnet_study.cached_scans import cache_scans
from datnet_study.records import claim, refuse_foreign
from datnet_study.repeated import refuse_repeated
from datnet_study.scans import read_scans
from datnet_study.study import read_study

SETTINGS = {
    "name": "mine", "title": "My scans", "dataset": "scans", "diagnoses": ["PD", "HC"],
    "control": "HC", "images": {"grid_mm": 8},
}  # fmt: skip
HEADER = "participant_id path diagnosis certainty age sex symptom_duration_years updrs hoehn_yahr"
ROWS = [
    "1 1.nii.gz PD definite 61.5 M 2 20 2 ",
    "2 2.nii.gz HC definite 60 F n/a n/a n/a ",
    "3 3.nii.gz PD confirmed 59 F 3 21 1 ",
    "4 4.nii.gz HC confirmed 58 M n/a n/a n/a ",
]


@pytest.fixture
def project(tmp_path, dataset, monkeypatch):
    """A study of four scans that can be read as it is."""
    for folder in ("data_manifest", "scans"):
        (tmp_path / folder).mkdir()
    for k, path in enumerate(sorted(dataset.rglob("*_pet.nii.gz"))[:4], start=1):
        shutil.copy(path, tmp_path / f"scans/{k}.nii.gz")
    lines = [HEADER + " note", *(row + "ok" for row in ROWS)]
    table = "\n".join(line.replace(" ", "\t") for line in lines) + "\n"
    (tmp_path / "scans/scans.tsv").write_text(table)
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(SETTINGS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(project, atlas):
    """What happens to inputs before the first network is trained, if all pass the quality check."""
    study = read_study("mine.yaml")
    refuse_foreign(study)
    scans = read_scans(study.scan_table, study.diagnoses)
    paths = [study.dataset_root / path for path in scans["path"]]
    array = study.volumes(study.images.grid_mm)
    volumes = cache_scans(paths, atlas, study.images, study.images.grid_mm, array, n_jobs=1)
    refuse_repeated(scans, volumes)
    return scans, volumes


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def settings(project, **changes):
    (project / "mine.yaml").write_text(yaml.safe_dump(SETTINGS | changes))


def image(project, change):
    """Change the voxels of the second scan, and its affine."""
    img = nib.load(project / "scans/2.nii.gz")
    data, affine = change(img.get_fdata(dtype=np.float32), img.affine.copy())
    nib.save(nib.Nifti1Image(data, affine), project / "scans/2.nii.gz")


def one_half_of_the_head(project):
    image(project, lambda counts, affine: (counts[:39], affine))


def brightest_voxels(project):
    image(project, lambda counts, affine: ((counts > counts.max() / 3).astype("u1"), affine))


def binding_in_percent(project):
    def percent(counts, affine):
        return 100 * counts / counts[30:50, 10:20, 25:35].mean() - 100, affine

    image(project, percent)


def copy_in_other_bytes(project):
    (project / "scans/3.nii.gz").unlink()
    content = gzip.decompress((project / "scans/1.nii.gz").read_bytes())
    (project / "scans/3.nii").write_bytes(content)
    edit(project / "scans/scans.tsv", "3.nii.gz", "3.nii")


def second_name_of_a_file(project):
    (project / "scans/4.nii.gz").unlink()
    os.link(project / "scans/2.nii.gz", project / "scans/4.nii.gz")


def tab_too_many(project):
    edit(project / "scans/scans.tsv", "definite\t60", "definite\t\t60")


def quote_over_two_lines(project):
    table = (project / "scans/scans.tsv").read_text().replace("\t", ";")
    text = table.replace(";ok", ';"tremor', 1)
    (project / "scans/export.csv").write_text(text)
    settings(project, table="scans/export.csv")


def windows_letters(project):
    text = (project / "scans/scans.tsv").read_text().replace("ok", "müde", 1)
    (project / "scans/scans.tsv").write_bytes(text.encode("cp1252"))


def decimal_commas_between_commas(project):
    table = (project / "scans/scans.tsv").read_text().replace(".5", ",5").replace("\t", ",")
    (project / "scans/scans.tsv").write_text(table)


def one_key_in_two_groups(project):
    text = (project / "mine.yaml").read_text() + "images:\n  grid_mm: 4\n"
    (project / "mine.yaml").write_text(text)


def results_of_the_study_it_extends(project):
    (project / "mine.yaml").rename(project / "first.yaml")
    claim(read_study("first.yaml"))
    (project / "mine.yaml").write_text("extends: first.yaml\ntraining: {seed: 3}\n")


def full_disk(project):
    usage = namedtuple("usage", "total used free")(10**9, 10**9, 10**4)
    cached_scans.shutil.disk_usage = lambda _: usage


def colon_in_a_diagnosis(project):
    settings(project, diagnoses=["PD: early", "HC"])


def link_to_nothing(project):
    (project / "scans/3.nii.gz").unlink()
    (project / "scans/3.nii.gz").symlink_to("../store/3.nii.gz")


def drive_of_windows(project):
    edit(project / "scans/scans.tsv", "3.nii.gz", "D:\\pet\\3.nii.gz")


REFUSED = [  # what the user did, why it matters, and the line that says so
    (one_half_of_the_head, "zeros outside the field counted as measured", r"2\.nii\.gz: reference "
     r"region: [45]\d% inside the image; expected 90%"),
    (brightest_voxels, "a mask trained as if it were a scan", r"2\.nii\.gz: 2 distinct values"),
    (binding_in_percent, "a reference near 0 made ratios of thousands", r"2\.nii\.gz: mean of the "
     r"reference region .* write images\.input: bp"),
    (copy_in_other_bytes, "a training scan in the blind test", r"sub-1/ses-1 \(1\.nii\.gz\) and "
     r"sub-3/ses-1 \(3\.nii\)"),
    (second_name_of_a_file, "the same, without a second file", r"sub-2/.* and sub-4/"),
    (tab_too_many, "values move to the next column", r"line 3: 11 cells, the header has 10"),
    (quote_over_two_lines, "a quote swallows rows", r"export\.csv.*\n  line 2: a quote that does"),
    (windows_letters, "no file was named", r"scans\.tsv, line 2: byte 0xfc is not UTF-8"),
    (decimal_commas_between_commas, "an age of 61 and a sex of 5", r"line 2: 11 cells, the header"),
    (one_key_in_two_groups, "the first is lost", r"mine\.yaml, lines \d+ and \d+: the key 'ima"),
    (results_of_the_study_it_extends, "two studies mix their results", r"mine\.yaml: name is 'mine'"
     r", and .* holds the results of first\.yaml; give this study another name"),
    (full_disk, "the kernel died at half a file", r"volumes\.npy: needs 0\.05 GB, 0\.00 GB are "),
    (colon_in_a_diagnosis, "names of files break", r"diagnoses has \['PD: early'\], expected"),
    (link_to_nothing, "an archive without its content", r"row 4 .*: no such file .* to nothing"),
    (drive_of_windows, "paths of another computer", r"row 4 .*'D:/pet/3\.nii\.gz': no such file"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("done", "reason", "message"), REFUSED, ids=[done.__name__ for done, *_ in REFUSED]
)
def test_what_went_wrong_in_silence_is_refused_in_a_line(
    project, atlas, monkeypatch, done, reason, message
):
    monkeypatch.setattr(cached_scans.shutil, "disk_usage", shutil.disk_usage)  # undone at the end
    done(project)
    with pytest.raises(ValueError, match=message) as error:
        read(project, atlas)
    assert len(str(error.value).splitlines()) <= 2  # the file, and what is wrong in it
    left = {path.name for path in (project / "results").rglob("*") if path.is_file()}
    whole = {"volumes.npy", "volumes.json"} if "same image" in str(error.value) else set()
    assert left <= {"files.json", "study_file.txt"} | whole


def quotes_between_tabs(project):
    edit(project / "scans/scans.tsv", "ok", '"unclear')
    edit(project / "scans/scans.tsv", "ok", 'rest"')


def text_of_excel(project):
    text = (project / "scans/scans.tsv").read_text().replace("61.5", "61,5")
    (project / "scans/scans.tsv").write_bytes(text.replace("\n", "\r\n").encode("utf-16"))


def rows_of_tabs(project):
    with (project / "scans/scans.tsv").open("a") as file:
        file.write(("\t" * 9 + "\n") * 7)


def commas(project):
    text = (project / "scans/scans.tsv").read_text()
    (project / "scans/scans.tsv").write_text(text.replace("\t", ","))


def word_that_yaml_knows(project):
    table = (project / "scans/scans.tsv").read_text()
    (project / "scans/scans.tsv").write_text(table.replace("\tHC\t", "\tNO\t"))
    text = yaml.safe_dump(SETTINGS) + "values: {diagnosis: {NO: HC}}\n"
    (project / "mine.yaml").write_text(text)


def home_in_a_path(project):
    os.environ["HOME"] = str(project)
    settings(project, dataset="~/scans")


def spaces_and_backslashes(project):
    (project / "scans").rename(project / "my scans")
    (project / "my scans/a b").mkdir()
    (project / "my scans/1.nii.gz").rename(project / "my scans/a b/1 [x].nii.gz")
    edit(project / "my scans/scans.tsv", "1.nii.gz", "a b\\1 [x].nii.gz")
    settings(project, dataset="my scans")


def links_to_an_archive(project):
    (project / "scans/1.nii.gz").rename(project / "archived")
    (project / "scans/1.nii.gz").symlink_to(project / "archived")


READ = [
    (quotes_between_tabs, "7 of 20 rows were lost"),
    (text_of_excel, "no other form has the letters of all languages"),
    (rows_of_tabs, "seven lines of complaint for each"),
    (commas, "ten lines of missing columns"),
    (word_that_yaml_knows, "YAML reads NO as false"),
    (home_in_a_path, "no shell has read the study file"),
    (spaces_and_backslashes, "folders of other computers"),
    (links_to_an_archive, "data are kept in one place"),
]


@pytest.mark.parametrize(("done", "reason"), READ, ids=[done.__name__ for done, _ in READ])
def test_what_is_odd_but_clear_is_read_as_it_was_meant(project, atlas, monkeypatch, done, reason):
    expected, voxels = read(project, atlas)
    monkeypatch.setenv("HOME", os.environ["HOME"])  # undone at the end
    done(project)
    scans, volumes = read(project, atlas)
    same = [name for name in expected if name != "path"]
    assert scans[same].equals(expected[same])
    np.testing.assert_array_equal(volumes, voxels)
