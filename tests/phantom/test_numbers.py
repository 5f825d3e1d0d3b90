"""The numbers of the generator: complete with sources, and what the fit gives."""

import runpy

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.optimize import least_squares

from datnet_phantom.numbers import (
    numbers_hash,
    read_calibration,
    read_history,
    read_published,
    read_sources,
)


@pytest.fixture
def path(study):
    return study.calibration_path


def test_every_number_has_a_source_and_every_source_a_citation(path):
    sources = read_sources(path)
    assert len(sources) > 80
    assert sources["source"].notna().all()
    row = sources.set_index("number").loc["loss.PSP.caudate"]
    assert row["value"] == 0.54 and row["source"].startswith("kaasinen2019")


@pytest.mark.parametrize("source", [None, "", "my2020: a guess"])
def test_a_number_without_a_known_source_is_named(path, tmp_path, source):
    content = yaml.safe_load(path.read_text())
    content["scanner"]["zoom"] = {"value": 0.1} | ({"source": source} if source is not None else {})
    changed = tmp_path / "phantom.yaml"
    changed.write_text(yaml.safe_dump(content))
    with pytest.raises(ValueError, match=r"scanner\.zoom"):
        read_sources(changed)


def test_a_bare_number_is_named_too(path, tmp_path):
    content = yaml.safe_load(path.read_text())
    content["severity_sd"] = 0.3
    changed = tmp_path / "phantom.yaml"
    changed.write_text(yaml.safe_dump(content))
    with pytest.raises(ValueError, match="severity_sd"):
        read_sources(changed)


def test_numbers_come_without_what_is_said_about_them(path):
    numbers = read_calibration(path)
    assert numbers.healthy_binding_ratio["caudate"] == 2.1
    assert numbers.clinic.age["PSP"] == (71, 7.5)


def test_another_scanner_replaces_its_numbers_only(path):
    other = read_calibration(path, {"resolution_fwhm_mm": 8.0})
    plain = read_calibration(path)
    assert other.scanner == plain.scanner.model_copy(update={"resolution_fwhm_mm": 8.0})
    assert other.loss == plain.loss


def test_an_unknown_number_of_a_scanner_is_an_error_with_the_known_ones(path):
    with pytest.raises(ValueError, match=r"\['resolution'\].*resolution_fwhm_mm"):
        read_calibration(path, {"resolution": 8.0})


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("scanner.zoom", None, r"scanner\.zoom: missing"),
        ("scanner.zom", 0.1, r"scanner: unknown key zom; expected some of .*zoom"),
        ("scanner.zoom", "wide", r"scanner\.zoom: .*valid number.*found 'wide'"),
        ("scanner.zoom", -1, r"scanner\.zoom: .*greater than or equal to 0.*found -1"),
        ("severity_sd", None, r"severity_sd: missing"),
        ("severty_sd", 0.3, r"unknown key severty_sd; expected some of .*severity_sd"),
        ("tracer.half_life_min", 0, r"tracer\.half_life_min: .*greater than 0, found 0"),
        ("loss.PSP.caudate", None, r"loss\.PSP has .*; expected .*caudate"),
        ("loss.PSP.caudate", 1, r"loss\.PSP\.caudate: .*less than 1, found 1"),
        ("healthy_binding_ratio.caudat", 2, r"healthy_binding_ratio has .*caudat,.*; expected"),
        ("healthy_binding_ratio.caudate", 0, r"healthy_binding_ratio of caudate is 0, expected"),
        ("reference_region", "cerebellum", r"background of cerebellum is 0\.95, expected 1"),
        ("clinic.female.PSP", None, r"clinic\.female has .*; expected .*PSP"),
        ("clinic.updrs.NC", [1, 1], r"clinic\.updrs has .*NC.*; expected"),
        ("clinic.age.NC", [1], r"clinic\.age\.NC\.1: missing"),
    ],
)
def test_a_wrong_number_is_refused_where_the_file_is_read(path, tmp_path, place, value, said):
    content = yaml.safe_load(path.read_text())
    *sections, name = place.split(".")
    node = content
    for section in sections:
        node = node[section]
    if value is None:
        del node[name]
    else:
        node[name] = {"value": value, "source": "assumption"}
    copy = tmp_path / "phantom.yaml"
    copy.write_text(yaml.safe_dump(content))
    with pytest.raises(ValueError, match=rf"phantom\.yaml: 1 number\(s\) to correct\n  {said}"):
        read_calibration(copy)


def test_a_section_that_is_a_number_is_refused(path, tmp_path):
    content = yaml.safe_load(path.read_text()) | {"scanner": {"value": 3, "source": "assumption"}}
    copy = tmp_path / "phantom.yaml"
    copy.write_text(yaml.safe_dump(content))
    with pytest.raises(ValueError, match=r"scanner: .*found 3"):
        read_calibration(copy)


def test_a_missing_file_is_named_beside_those_there_are(path):
    with pytest.raises(
        FileNotFoundError,
        match=r"phantom-other\.yaml; there are: phantom-spect\.yaml, phantom\.yaml",
    ):
        read_calibration(path.with_name("phantom-other.yaml"))


def test_numbers_cannot_be_changed_by_accident(calibration):
    with pytest.raises(ValueError, match="frozen"):
        calibration.scanner.zoom = 1.0


def test_published_values_carry_their_citation(path):
    published = read_published(path)
    assert published["citation"].notna().all()
    assert set(published["side"]) == {"both", "worse", "better"}
    assert set(published["reference"]) == {"NC", "IPD"}
    row = published.query("source == 'ghaemi2002' and diagnosis == 'MSA' and region == 'midbrain'")
    assert row[["value", "sd", "of"]].to_numpy().tolist() == [[0.0027, 0.0013, 0.0033]]


def test_the_history_says_what_was_seen(path):
    history = read_history(path)
    assert list(history.columns) == ["date", "change", "seen"]
    assert history["date"].is_monotonic_increasing


def test_the_generator_is_frozen(path):
    """A number that changes needs a row of the history, and every figure to be reported anew."""
    assert numbers_hash(path) in read_history(path)["change"].iloc[-1]


def test_the_table_of_sensitivity_is_of_these_numbers(path):
    table = pd.read_csv(path.with_name("generator_sensitivity.tsv"), sep="\t")
    assert set(table["numbers"]) == {numbers_hash(path)}
    assert table["changed"].iloc[0] == "none"


def test_the_hash_of_the_numbers_follows_them_and_not_what_is_said_of_them(path, tmp_path):
    content = yaml.safe_load(path.read_text())
    copy = tmp_path / "phantom.yaml"
    content["severity_sd"]["source"] = "assumption"
    content["history"] = []
    copy.write_text(yaml.safe_dump(content))
    assert numbers_hash(copy) == numbers_hash(path)
    content["severity_sd"]["value"] = 0.31
    copy.write_text(yaml.safe_dump(content))
    assert numbers_hash(copy) != numbers_hash(path)


def test_the_fitted_numbers_of_the_file_are_those_of_the_fit(path):
    found = runpy.run_path(str(path.with_name("fit_phantom.py")))["fitted"]()
    assert len(found) == 13
    # The file holds them rounded: to one decimal above 1, to two or more below. The last digit of
    # a fit differs between machines, so half of the last decimal is given a tenth more.
    for written, fitted in zip(found["in_file"], found["fitted"], strict=True):
        decimals = max(1 if written > 1 else 2, len(str(written).split(".")[1]))
        assert abs(written - fitted) <= 0.55 * 10**-decimals, (written, fitted)


def test_the_fit_has_one_solution(path, monkeypatch):
    script = runpy.run_path(str(path.with_name("fit_phantom.py")))
    solutions = []

    def from_elsewhere(misfit, start):
        solutions.extend(least_squares(misfit, factor * np.array(start)).x for factor in (0.5, 2))
        return least_squares(misfit, start)

    monkeypatch.setitem(script["spread"].__globals__, "least_squares", from_elsewhere)
    sds = script["spread"](read_calibration(path), read_published(path))
    for solution in solutions:
        np.testing.assert_allclose(solution, list(sds.values()), rtol=1e-3)
