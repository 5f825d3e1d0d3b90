"""A tiny cohort with names, dates and notes, and a clean little book of it."""

import nibabel as nib
import numpy as np
import pytest
import yaml
from small_public_books import png

from datnet_study.publishing.baseline import common_words, is_own
from datnet_study.publishing.needles import needles_of
from datnet_study.study import read_study

TABLE = """\
Patient;Name;Born;Visit;Scanned;File;Final;Sure;Age;Sex;Ward;Note
KX-40721;Eberhardt, Maria;1948-02-27;V1;14.03.2019;KX-40721_20190314.nii;PD;definite;71.04;F;3;late
KX-40733;Felgenhauer, Otto;1951-07-09;V1;02.11.2020;KX-40733_20201102.nii;PD;definite;69.32;M;4;\
tremor left, Dr Waldmeister
KX-40758;Immermann, Ida;1939-12-01;V1;30.06.2018;KX-40758_20180630.nii;MSA;definite;78.58;F;3;
17;Quandt, Emil;1944-05-23;V1;11.01.2021;scan17.nii;MSA;definite;76.64;M;4;claustrophobic
"""
CLEAN = """<html><head><title>Our scans</title></head><body>
<p>Of 40 scans, 30 pass. The 62 participants have 64 scans; AUC 0.71 (0.60 to 0.82).</p>
<table><thead><tr><th>diagnosis</th><th>scans</th><th>age</th></tr></thead><tbody>
<tr><td>PD</td><td>40</td><td>71.04</td></tr><tr><td>MSA</td><td>22</td><td>64.10</td></tr>
</tbody></table>
<p>In 17 of 93 features, 3 of 6 folds, version 4.0721, 140721 voxels.</p>
</body></html>
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of four people, with header texts in their images."""
    root = tmp_path_factory.mktemp("Hospital PET")
    (root / "data_manifest").mkdir()
    (root / "scans").mkdir()
    (root / "scans" / "patients.csv").write_text(TABLE)
    for line in TABLE.splitlines()[1:]:
        who, name, *_ = line.split(";")
        img = nib.Nifti1Image(np.zeros((2, 3, 4), np.float32), np.eye(4))
        img.header["descrip"] = f"{name} Zwischenschicht"
        img.header["db_name"] = who
        nib.save(img, root / "scans" / line.split(";")[5])
    settings = {
        "name": "ours", "title": "Our scans", "dataset": "scans", "table": "scans/patients.csv",
        "diagnoses": ["PD", "MSA"],
        "columns": {"participant_id": "Patient", "session_id": "Visit", "path": "File",
                    "diagnosis": "Final", "certainty": "Sure", "age": "Age", "sex": "Sex"},
    }  # fmt: skip
    (root / "ours.yaml").write_text(yaml.safe_dump(settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        yield read_study("ours.yaml")


@pytest.fixture(scope="module")
def needles(study):
    """What its public book may not hold."""
    return needles_of(study, common_words(), is_own)


@pytest.fixture
def book(tmp_path):
    """A clean book: a page, an image, an index of words."""
    folder = tmp_path / "book"
    (folder / "_images").mkdir(parents=True)
    (folder / "index.html").write_text(CLEAN)
    (folder / "_images" / "a.png").write_bytes(png())
    (folder / "searchindex.js").write_text('Search.setIndex({"terms":{"scan":[0,1],"pass":0}})')
    return folder
