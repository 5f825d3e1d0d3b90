"""Problems of a DICOM series, each found in an archive that has it, and in none that has not."""

import numpy as np
import pytest
from dicom_archives import write_nm, write_pet

from datnet_study.importing.dicom_checks import frame_times, series_problems
from datnet_study.importing.headers import read_series

VOLUME = np.arange(6 * 7 * 5.0).reshape(6, 7, 5)
AFFINE = np.array([[3, 0, 0, -20], [0, 4, 0, -30], [0, 0, 5, -40], [0, 0, 0, 1.0]])


def pet(folder, **settings):
    write_pet(folder, VOLUME, AFFINE, **settings)
    return read_series(folder)[0][0]


def nm(folder, **settings):
    write_nm(folder / "a.dcm", VOLUME, AFFINE, **settings)
    return read_series(folder)[0][0]


def dynamic(folder, n, minutes):
    for k in range(n):
        frame = (k, n, k * minutes * 60, minutes * 60)
        write_pet(folder, VOLUME + k, AFFINE, frame=frame)
    return read_series(folder)[0][0]


def tracer(**elements):
    def change(header):
        item = header.RadiopharmaceuticalInformationSequence[0]
        del item.RadiopharmaceuticalStartTime
        for name, value in elements.items():
            setattr(item, name, value)

    return change


def without(*names):
    def change(header):
        for name in names:
            delattr(header, name)

    return change


def test_a_good_series_has_no_problem(tmp_path):
    assert series_problems(pet(tmp_path / "pet")) == []
    assert series_problems(nm(tmp_path / "nm")) == []
    assert series_problems(nm(tmp_path / "down", downwards=True)) == []


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"skipped": (4,)}, "4 slices; the header declares 5"),  # the last one: no gap to see
        ({"skipped": (2,), "change": without("NumberOfSlices")}, "slices 5.0 to 10.0 mm apart"),
        ({"Units": "1CM"}, "units '1CM'; expected CNTS, BQML"),
        ({"change": without("ImageOrientationPatient")}, "no orientation or position"),
    ],
)
def test_a_pet_series_is_left_out_with_its_reason(tmp_path, settings, problem):
    problems = series_problems(pet(tmp_path, **settings))
    assert len(problems) == 1
    assert problems[0].startswith(problem)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]}, "image type 'ORIGINAL"),
        ({"NumberOfSlices": 6}, "fewer or more frames than the 6 slices declared"),
        ({"change": without("DetectorInformationSequence")}, "no orientation or position"),
    ],
)
def test_a_spect_file_is_left_out_with_its_reason(tmp_path, settings, problem):
    problems = series_problems(nm(tmp_path, **settings))
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_a_spect_file_that_was_cut_off_is_found(tmp_path):
    write_nm(tmp_path / "a.dcm", np.resize(VOLUME, (60, 70, 5)), AFFINE)
    content = (tmp_path / "a.dcm").read_bytes()
    (tmp_path / "a.dcm").write_bytes(content[: len(content) * 2 // 3])
    assert series_problems(read_series(tmp_path)[0][0])[0].startswith("fewer or more frames")


def test_slices_that_were_copied_twice_are_found(tmp_path):
    write_pet(tmp_path, VOLUME, AFFINE)
    (tmp_path / "copy.dcm").write_bytes((tmp_path / "0002.dcm").read_bytes())
    assert series_problems(read_series(tmp_path)[0][0])[0].startswith("1 of the files are there")


@pytest.mark.parametrize(
    ("change", "start"),
    [
        (None, 60.0),  # injected at 13:15, scanned at 14:15
        (tracer(RadiopharmaceuticalStartDateTime="20190823131500"), 60.0),
        (tracer(RadiopharmaceuticalStartDateTime="19990101131500"), 60.0),  # a shifted day
        (tracer(RadiopharmaceuticalStartTime="141500"), 0.0),
        (tracer(RadiopharmaceuticalStartTime="011500"), None),  # 13 hours: a clock to twelve
        (tracer(), None),
    ],
)
def test_the_time_from_injection_to_scan_comes_from_the_clock_times(tmp_path, change, start):
    assert frame_times(pet(tmp_path, change=change)) == ([start], [15.0])


def test_an_examination_over_midnight_is_one_hour_long(tmp_path):
    def change(header):
        header.AcquisitionTime, header.SeriesTime = "001000", "001000"
        header.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "231000"

    assert frame_times(pet(tmp_path, change=change))[0] == [60.0]


def test_the_start_of_the_series_counts_where_slices_have_no_time(tmp_path):
    assert frame_times(pet(tmp_path, change=without("AcquisitionTime")))[0] == [60.0]


def test_frames_of_time_have_to_be_chosen_and_are_by_a_window(tmp_path):
    series = dynamic(tmp_path, 4, 5)  # 60-65, 65-70, 70-75, 75-80 min
    assert frame_times(series) == ([60.0, 65.0, 70.0, 75.0], [5.0] * 4)
    assert series_problems(series) == [
        "4 frames from 60 min on; expected one: say which with WINDOW=60-75 (min)"
    ]
    assert series_problems(series, (60, 75)) == []
    assert series_problems(series, (90, 95))[0].startswith("frames at 60-65, 65-70, 70-75, 75-80")


def test_a_window_cannot_be_checked_without_an_injection(tmp_path):
    series = pet(tmp_path, change=tracer())
    assert series_problems(series) == []
    assert series_problems(series, (60, 75))[0].startswith("no believable time from injection")
