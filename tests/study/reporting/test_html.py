"""The report is one file that needs nothing else, is safe to open, and is there in any case."""

import dataclasses
import re
from html.parser import HTMLParser

import pytest

from datnet_study.reporting import html
from datnet_study.reporting.html import figures_of, write_report
from datnet_study.reporting.judging import Judged

EVIL = "<script>alert('x')</script>&\"'"


class Parsed(HTMLParser):
    """Tags that are open at the end, and addresses."""

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.scripts, self.alts = [], [], 0, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.addresses += [given[key] for key in ("src", "href") if given.get(key)]
        self.scripts += tag == "script"
        if tag == "img":
            self.alts.append(given.get("alt"))
        if tag not in ("img", "meta", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def text(tmp_path_factory, found, judge):
    path = tmp_path_factory.mktemp("html") / "report.html"
    write_report(found, judge, path)
    return path.read_text()


def test_the_file_is_whole_and_needs_nothing_else(text):
    parsed = Parsed(text)
    assert parsed.open == [] and parsed.scripts == 0
    assert len(parsed.addresses) == 3
    assert all(address.startswith("data:image/png;base64,") for address in parsed.addresses)
    assert all(parsed.alts) and "http" not in re.sub(r'srcdoc="[^"]*"', "", text)


def test_it_works_narrow_dark_and_on_paper(text):
    for rule in ("width=device-width", "prefers-color-scheme: dark", "@media print", "overflow-x"):
        assert rule in text


def test_the_first_screen_comes_first(text):
    places = [text.index(f"<h3>{name}</h3>") for name in
              ("Quality", "Most probable", "Set of diagnoses (90%)", "Referral",
               "Side of the brain with less binding", "Not for")]  # fmt: skip
    assert places == sorted(places) and text.index("Research use only") < places[0]
    assert places[-1] < text.index("<h2>The scan</h2>")


def test_a_printed_page_says_which_scan_it_is_of_and_is_never_dark(text):
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert ', research use only"' in style and "counter(page)" in style
    assert "@media screen and (prefers-color-scheme: dark)" in style
    assert style.count("prefers-color-scheme") == 1


def test_planes_stay_large_enough_on_a_narrow_screen(text):
    assert text.count('<div class="planes"><img') == text.count("<figure>") > 0
    assert ".planes { overflow-x: auto; }" in text and "aspect-ratio: 660 / 285" in text


def test_the_viewer_is_shut_in(text):
    (frame,) = re.findall(r"<iframe[^>]*>", text)
    assert 'sandbox="allow-scripts"' in frame and "srcdoc=" in frame


def test_every_word_from_outside_is_escaped(found, judge, tmp_path, monkeypatch):
    monkeypatch.setattr(html, "figures_of", lambda *_: {})
    facts = judge.facts.model_copy(update={"title": EVIL, "tracer": EVIL, "name": EVIL})
    scan = dataclasses.replace(found, name=EVIL, tracer="other", known=EVIL, how=EVIL)
    for one in (scan, Judged(EVIL, problem=EVIL, tracer=EVIL, quality={"verdict": "fail"})):
        write_report(
            one, dataclasses.replace(judge, facts=facts), tmp_path / "a.html", viewer=False
        )
        written = (tmp_path / "a.html").read_text()
        assert Parsed(written).scripts == 0 and "alert(" in written


def test_a_scan_without_probabilities_has_a_report_with_the_reason(judge, tmp_path):
    write_report(Judged("lost", problem="no head in it"), judge, tmp_path / "lost.html")
    written = (tmp_path / "lost.html").read_text()
    assert Parsed(written).open == [] and "no head in it" in written
    assert "Most probable" not in written and "Who the networks learned from" in written


def test_a_part_that_fails_is_a_sentence(found, judge, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise MemoryError("no room")

    for name in ("plot_scan_strip", "plot_among"):
        module = {"plot_among": "placing"}.get(name, "scan_strip")
        monkeypatch.setattr(f"datnet_study.figures.{module}.{name}", fail)
    monkeypatch.setattr("datnet_study.figures.viewers.viewer_of", fail)
    scan = dataclasses.replace(found, failed={})
    write_report(scan, judge, tmp_path / "part.html")
    written = (tmp_path / "part.html").read_text()
    assert written.count("could not be made: MemoryError: no room") == 4
    assert "Most probable" in written


def test_there_are_no_figures_of_what_there_is_not(judge):
    assert figures_of(Judged("lost"), judge) == {}


def test_a_judge_without_norms_or_places_has_a_report(found, judge, tmp_path):
    facts = judge.facts.model_copy(update={"norms": {}, "places": {}, "doubt": None})
    scan = dataclasses.replace(found, z={}, left=None, referred=None, map=None)
    write_report(scan, dataclasses.replace(judge, facts=facts), tmp_path / "a.html", viewer=False)
    assert Parsed((tmp_path / "a.html").read_text()).open == []
