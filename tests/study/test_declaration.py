"""The header of a page, read: what it declares, and what a wrong one says."""

import pytest

from datnet_study.declaration import expanded, line_of, read_declaration, setting


def page(folder, *lines):
    """A page whose header has these lines below `datnet`."""
    source = folder / "tiny.py"
    header = [
        "jupyter:",
        "  kernelspec: {name: python3}",
        "  datnet:",
        *(f"    {x}" for x in lines),
    ]
    source.write_text("".join(f"# {line}\n" for line in ["---", *header, "---"]) + "\n# %%\n1\n")
    return source


def test_a_declaration_is_what_stands_in_the_header(tmp_path):
    source = page(
        tmp_path,
        "only_if: phantom",
        "reads: [scans.tsv, models/fold-*]",
        "writes:",
        "  aggregates: [auc.tsv]",
        "  participants:",
        "    - volumes.npy",
        "cache: [volumes.npy]",
        "settings: [diagnoses, training.n_folds]",
        "threads: 2",
    )
    found = read_declaration(source)
    assert (found.page, found.source) == ("tiny", source)
    assert found.reads == ("scans.tsv", "models/fold-*")
    assert found.writes == {
        "tiny.json": "aggregates",  # every page has it
        "auc.tsv": "aggregates",
        "volumes.npy": "participants",
    }
    assert found.settings == ("diagnoses", "training.n_folds")
    assert (found.threads, found.only_if, found.cache) == (2, "phantom", ("volumes.npy",))


def test_what_is_not_declared_is_empty(tmp_path):
    found = read_declaration(page(tmp_path, "reads: [scans.tsv]", "writes:", "cache:"))
    assert found.writes == {"tiny.json": "aggregates"}
    assert (found.settings, found.threads, found.only_if, found.cache) == ((), 1, None, ())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("read: [scans.tsv]", "unknown .'read'. in the header; expected .*'reads'"),
        ("reads: scans.tsv", "reads is 'scans.tsv'; expected a list of names"),
        ("settings: network", "settings is 'network'; expected a list of names"),
        ("reads: [scans.tsv, 7]", "reads is .'scans.tsv', 7.; expected a list of names"),
        ("writes: [auc.tsv]", "writes is .'auc.tsv'.; expected .* aggregates or participants"),
        ("writes: {persons: [a.tsv]}", "writes is .*persons.*; expected .* aggregates or"),
        ("writes: {aggregates: a.tsv}", "aggregates is 'a.tsv'; expected a list of names"),
        ("cache: [volumes.npy]", "cache names .'volumes.npy'.; expected some of"),
        ("threads: two", "threads is 'two'; expected 1, 2"),
        ("threads: 0", "threads is 0; expected 1, 2"),
        ("only_if: phantoms", "only_if is 'phantoms'; expected one of"),
        ("reads: [scans.tsv", "the header is not readable as YAML"),
    ],
)
def test_a_wrong_entry_is_named_with_file_and_expectation(tmp_path, line, problem):
    with pytest.raises(ValueError, match=rf"tiny\.py: {problem}"):
        read_declaration(page(tmp_path, line))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# %%\n1\n", "expected a header between two lines"),
        ("# ---\n# jupyter:\n", "expected a header between two lines"),
        ("# ---\n# jupyter:\n#   kernelspec: {}\n# ---\n", "no declaration; expected an entry"),
        ("# ---\n# jupyter:\n# ---\n", "no declaration; expected an entry"),
        ("# ---\n# ---\n", "no declaration; expected an entry"),
        ("", "expected a header between two lines"),
    ],
)
def test_a_page_without_a_declaration_is_named(tmp_path, text, problem):
    source = tmp_path / "bare.py"
    source.write_text(text)
    with pytest.raises(ValueError, match=rf"bare\.py: {problem}"):
        read_declaration(source)


def test_the_line_of_an_entry_is_counted_from_one(tmp_path):
    # 1 ---, 2 jupyter, 3 kernelspec, 4 datnet, 5 reads, 6 settings
    source = page(tmp_path, "reads: [scans.tsv]", "settings: [network]")
    assert line_of(source, "reads") == "tiny.py, line 5"
    assert line_of(source, "settings") == "tiny.py, line 6"
    assert line_of(source, "writes") == "tiny.py"  # there is none to correct


def test_a_name_with_a_placeholder_stands_for_one_file_of_each_value():
    values = {"diagnosis": ["IPD", "MSA"], "variant": []}
    names = ["a.tsv", "saliency/mean_{diagnosis}.nii.gz", "cv_{variant}.tsv", "b.tsv"]
    assert expanded(names, values) == [
        "a.tsv",
        "saliency/mean_IPD.nii.gz",
        "saliency/mean_MSA.nii.gz",
        "b.tsv",
    ]


def test_a_setting_is_found_by_its_dotted_name_and_a_wrong_one_is_named(tmp_path):
    source = page(tmp_path, "settings: [training.n_fold]")
    values = {"training": {"n_folds": 6}, "control": "NC", "phantom": None}
    assert setting(values, "training.n_folds", source) == 6
    assert setting(values, "training", source) == {"n_folds": 6}
    assert setting(values, "phantom", source) is None
    for name in ("training.n_fold", "controls", "control.x", "phantom.seed"):
        with pytest.raises(ValueError, match=rf"page tiny .*'{name}'.*\(tiny\.py, line 5\)"):
            setting(values, name, source)
