"""What README, CONTRIBUTING and the prose of the book name exists: commands, settings, files."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from datnet_study.columns import COLUMNS
from datnet_study.declaration import read_declaration
from datnet_study.lookup import TARGET
from datnet_study.reference import chapter_of, faces
from datnet_study.run import parser
from datnet_study.study import Study, read_study

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(BOOK.rglob("*.md"))]
GUIDE = sorted((BOOK / "guide").glob("*.md"))
FENCED = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
NO_STUDY = "# no study file"  # first line of YAML that is something else
LOOKED_UP = [f"reference/{name}" for name in ("study-file", "commands", "result-files")]
MAKE = re.compile(r"(?:^|`)make ([a-z][a-z-]*)([^`\n]*)", re.MULTILINE)
RUN = re.compile(r"(?:^|`)(?:\.venv/bin/)?python -m datnet_study\.run ([^`\n]*)", re.MULTILINE)


def ids(path):
    return str(path.relative_to(ROOT))


def blocks(path, language):
    found = FENCED.findall(path.read_text(encoding="utf-8"))
    return [
        re.sub(f"^{indent}", "", text, flags=re.M) for indent, of, text in found if of == language
    ]


YAML = [
    pytest.param(text, id=f"{ids(path)}-{number}")
    for path in TEXTS
    for number, text in enumerate(blocks(path, "yaml"), start=1)
]


@pytest.mark.parametrize("path", TEXTS, ids=ids)
def test_every_target_of_make_and_every_variable_given_to_it_exists(path):
    makefile = (ROOT / "Makefile").read_text()
    targets = dict(TARGET.findall(makefile))
    for target, rest in MAKE.findall(path.read_text(encoding="utf-8")):
        assert target in targets, f"make {target}"
        for variable in re.findall(r"\b([A-Z]+)=", rest.partition("#")[0]):
            assert f"$({variable})" in makefile, f"make {target} {variable}="


@pytest.mark.parametrize("path", TEXTS, ids=ids)
def test_every_command_of_the_program_is_understood_by_it(path):
    text = re.sub(r"\\\n *", "", path.read_text(encoding="utf-8"))  # lines that go on
    for line in RUN.findall(text):
        words = shlex.split(line, comments=True)
        if words and words[0].islower() and "…" not in words:  # else it stands for any kind
            parser().parse_args(words)


@pytest.mark.parametrize("text", YAML)
def test_every_study_file_of_the_texts_can_be_read(text, tmp_path):
    if text.startswith(NO_STUDY):
        return
    given = yaml.safe_load(text)
    whole = {"name", "title"} <= set(given)
    lines = "" if whole else "name: part\ntitle: A part of a study file\ndataset: scans\n"
    (tmp_path / "study.yaml").write_text(lines + text, encoding="utf-8")
    read_study(tmp_path / "study.yaml")


@pytest.mark.parametrize("path", TEXTS, ids=ids)
def test_every_setting_that_is_named_with_its_section_exists(path):
    schema = Study.model_json_schema()
    sections = {
        key: schema["$defs"][name]["properties"]
        for key, of in schema["properties"].items()
        for name in re.findall(r"#/\$defs/(\w+)", str(of))
    }
    text = path.read_text(encoding="utf-8")
    for section, key in re.findall(r"`(\w+)\.(\w+)`", text):
        assert section not in sections or key in sections[section], f"{section}.{key}"


@pytest.mark.parametrize("path", TEXTS, ids=ids)
def test_every_file_of_the_project_that_is_named_is_there(path):
    folders = "data_manifest|benchmarks|profiles|tests|notebooks|book|datnet_\\w+"
    for name in re.findall(rf"[` (]((?:{folders})/[\w./-]*\w)", path.read_text(encoding="utf-8")):
        made = name == "notebooks/ages.py"  # the reader of the guide writes it
        assert made or (ROOT / name).exists(), name


def test_the_readme_is_short_links_to_what_is_there_and_names_every_page_once():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 140
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert not [name for name in links if not (ROOT / name).is_file()]
    rows = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert sorted(rows) == sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))


def test_the_introduction_has_a_row_for_every_page():
    text = (BOOK / "intro.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|.*\| \{doc\}`pages/(\w+)` \|", text, re.MULTILINE)
    assert sorted(rows) == sorted(path.stem for path in (ROOT / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", GUIDE, ids=ids)
def test_a_guide_links_to_chapters_that_every_book_has(path):
    pages = [read_declaration(page) for page in (ROOT / "notebooks").glob("*.py")]
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^):]+)\)", text)  # which lead somewhere outside of a book too
    assert not [name for name in links if not (path.parent / name).is_file()]
    there = {f"pages/{page.page}" for page in pages if not page.only_if} | set(LOOKED_UP)
    there |= {chapter_of(face) for face in faces()}
    there |= {str(other.relative_to(BOOK).with_suffix("")) for other in BOOK.rglob("*.md")}
    for name in re.findall(r"\{doc\}`([^`]+)`", text):
        target = (path.parent / name).resolve().relative_to(BOOK)
        assert str(target) in there, name


def test_every_guide_is_a_chapter_and_the_readme_and_the_introduction_lead_to_it():
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text())
    chapters = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    readme, intro = (ROOT / "README.md").read_text(), (BOOK / "intro.md").read_text()
    for path in GUIDE:
        assert f"guide/{path.stem}" in chapters
        assert f"book/guide/{path.name}" in readme
        assert f"{{doc}}`guide/{path.stem}`" in intro


def test_the_columns_of_the_scan_table_are_all_explained():
    text = (BOOK / "guide/own_scans.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (`\w+`(?:, `\w+`)*) \|", text.partition("## Who is in")[0], re.MULTILINE
    )
    assert sorted(name.strip("` ") for row in rows for name in row.split(",")) == sorted(COLUMNS)


def test_the_page_of_the_guide_has_the_files_that_the_text_names(tmp_path):
    (source,) = blocks(BOOK / "guide/add_page.md", "python")  # test_notebooks has its rules
    path = tmp_path / "ages.py"
    path.write_text(source)
    page = read_declaration(path)
    assert page.writes == {"ages.json": "aggregates", "ages.tsv": "aggregates"}
    for name in ("ages.tsv", "page.scans()", "config.diagnoses"):
        assert name in source


@pytest.mark.parametrize("check", [["check"], ["format", "--diff"]], ids=["rules", "format"])
def test_the_page_of_the_guide_passes_the_lint_of_pages(check):
    (source,) = blocks(BOOK / "guide/add_page.md", "python")
    ruff = Path(sys.executable).with_name("ruff")
    line = [ruff, *check, "--no-cache", "--stdin-filename", "notebooks/ages.py", "-"]
    done = subprocess.run(line, cwd=ROOT, input=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
