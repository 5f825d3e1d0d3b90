"""Viewers of scans: complete in themselves, and one shown at a time."""

import gc
import html
import re

import numpy as np
import pytest

from datnet_study.figures.viewers import view_scans, viewer_of
from datnet_study.public_forms import text_form

ADDRESS = re.compile(r"(?:src|href)=[\"']?(?:https?:|//)")


@pytest.fixture(autouse=True)
def no_garbage_collection(monkeypatch):
    """Nilearn collects garbage for every image, which is slow beside all other tests."""
    monkeypatch.setattr(gc, "collect", lambda *_: 0)


def test_the_viewer_holds_its_scripts_and_images(coarse_atlas, rng):
    volume = rng.uniform(0, 2, coarse_atlas.labels.shape)
    volume[0] = np.nan
    text = viewer_of(volume, coarse_atlas, ["putamen", "caudate"], 2.0)
    assert "<script" in text and "base64" in text and not ADDRESS.search(text)


def test_one_scan_of_several_is_shown_at_a_time(coarse_atlas, rng):
    volumes = {name: rng.uniform(0, 2, coarse_atlas.labels.shape) for name in ("NC", "A<B")}
    shown = view_scans(volumes, coarse_atlas, ["putamen"])
    text = shown.data
    titles = [html.unescape(title) for title in re.findall(r'title="Scan, ([^"]*)"', text)]
    assert titles == ["NC", "A<B"] and "A<B" not in text
    assert text.count('type="radio"') == 2 and text.count(" checked>") == 1
    for k in range(2):
        assert f"#scan-to-show-{k}:checked ~ .scan-{k}" in text
    assert not ADDRESS.search(html.unescape(text))
    assert text_form(shown) is None  # left out of a public book


def test_scans_have_one_scale(coarse_atlas, rng, monkeypatch):
    tops = []
    monkeypatch.setattr(
        "datnet_study.figures.viewers.viewer_of", lambda *given: tops.append(given[-1]) or ""
    )
    dim = rng.uniform(0, 1, coarse_atlas.labels.shape)
    dim[0] = np.nan
    view_scans({"NC": 3 * dim, "PD": dim}, coarse_atlas, ["putamen"])
    assert tops[0] == tops[1] == pytest.approx(3, rel=0.01)
