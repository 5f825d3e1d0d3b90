"""Pages that share a job of a cluster: none waits for another, nor groups in circles."""

from graphlib import TopologicalSorter
from pathlib import Path
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_study.graph import Graph
from datnet_study.jobs import Job
from datnet_study.page_groups import page_groups
from datnet_study.study import read_study

ROOT = Path(__file__).parents[2]


def graph(starts, fits=()):
    """A graph of pages, some of them networks, by what each starts from."""
    jobs = {
        name: Job(name, ("fit" if name in fits else "page", name))
        for name in {*starts, *(name for before in starts.values() for name in before)}
    }
    return SimpleNamespace(jobs=jobs, starts_from=lambda job: set(starts.get(job.name, ())))


def test_levels_by_hand():
    starts = {"fit": ["quality"], "a": ["fit"], "b": ["fit", "a"], "c": ["a"], "d": ["c"]}
    groups = page_groups(graph(starts, fits={"fit"}), set("abcd") | {"quality"})
    assert groups == {"a": "pages_1", "b": "pages_2", "c": "pages_2", "d": "pages_3"}


def test_a_long_page_stays_alone_and_still_counts():
    starts = {"long": ["a"], "b": ["long"]}
    assert page_groups(graph(starts), {"a", "b"}) == {"a": "pages_1", "b": "pages_3"}


@settings(deadline=None)
@given(st.data())
def test_groups_never_wait_in_circles(data):
    names = [f"job{k}" for k in range(data.draw(st.integers(1, 9)))]
    starts = {
        name: data.draw(st.sets(st.sampled_from(names[:k]))) if k else set()
        for k, name in enumerate(names)
    }
    fits = data.draw(st.sets(st.sampled_from(names)))
    short = data.draw(st.sets(st.sampled_from(names)))
    groups = page_groups(graph(starts, fits), short)
    waits = {}
    for name, before in starts.items():
        own = groups.get(name, name)
        waits.setdefault(own, set()).update(groups.get(other, other) for other in before)
        assert all(groups.get(other) != own for other in before)
    assert list(TopologicalSorter(waits).static_order())  # raises where they wait in a circle


def test_the_pages_of_a_study():
    study = read_study(ROOT / "data_manifest/paper.yaml")
    found = Graph(study)
    groups = page_groups(found, set(found.jobs))
    assert groups["saliency"] == "pages_1"
    assert groups["summary"] > groups["claims"] > groups["blind_test"]
    assert not {"quality", "cohorts", "dataset", "book"} & set(groups)  # networks wait for them
