"""Which kind of source a folder is taken for."""

import pytest
from dicom_archives import PPMI_COLUMNS

from datnet_study.importing.source_scan import Wanted
from datnet_study.importing.sources import kind_of


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("dataset_description.json", "{}", "bids"),
        ("search.csv", PPMI_COLUMNS, "ppmi"),
        ("patients.csv", "PatientID,age", "dicom"),
        ("0001.dcm", "", "dicom"),
    ],
)
def test_a_source_is_known_by_what_lies_at_its_top(tmp_path, name, content, kind):
    (tmp_path / name).write_text(content)
    assert kind_of(tmp_path, Wanted()) == kind


def test_an_archive_of_ppmi_needs_its_table(tmp_path):
    (tmp_path / "PPMI").mkdir()
    for source in (tmp_path, tmp_path / "PPMI"):
        with pytest.raises(ValueError, match="no search table; expected a CSV"):
            kind_of(source, Wanted())
