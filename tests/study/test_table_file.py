"""Table files as hospitals and spreadsheets write them: read whole, or refused by the line."""

import openpyxl
import pytest

from datnet_study.table_file import read_table_file

WHOLE = [(1, ["Name", "Age (y)", "Note"]), (2, ["P1", "61,5", "a, b"]), (4, ["P2", "70", ""])]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", b"Name\tAge (y)\tNote\nP1\t61,5\ta, b\n\nP2\t70\t\n"),
        ("a.txt", b"Name\tAge (y)\tNote\r\nP1\t61,5\ta, b\r\n\t\t\r\nP2\t70\t"),
        ("a.csv", b'\xef\xbb\xbfName;Age (y);Note\r\nP1;61,5;"a, b"\r\n;;\r\nP2;70;\r\n'),
        ("a.csv", b'Name,Age (y),Note\rP1,"61,5","a, b"\r\rP2,70,\r'),
        ("a.csv", b'"Name","Age (y)","Note"\nP1,"61,5","a, b"\n \n P2 ,70,\n'),
        ("a.tsv", 'Name\tAge (y)\tNote\nP1\t61,5\t"a, b"\n\nP2\t70\t\n'.encode("utf-16")),
    ],
    ids=["tabs", "CRLF, a row of tabs", "BOM, semicolons", "commas, CR", "quotes", "UTF-16"],
)
def test_one_table_in_many_forms_is_the_same(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert read_table_file(tmp_path / name) == WHOLE


def test_the_first_line_with_which_excel_names_the_separator_is_none_of_the_table(tmp_path):
    (tmp_path / "a.csv").write_text("sep=;\nName;Age\nP1;6\n")
    assert read_table_file(tmp_path / "a.csv") == [(2, ["Name", "Age"]), (3, ["P1", "6"])]


def test_quotes_between_tabs_swallow_nothing(tmp_path):
    text = 'id\tnote\tage\n1\t"unclear\t50\n2\tok\t51\n3\ttremor"\t52\n4\t"said ""no"""\t53\n'
    (tmp_path / "a.tsv").write_text(text)
    cells = [cells for _, cells in read_table_file(tmp_path / "a.tsv")[1:]]
    assert cells == [
        ["1", '"unclear', "50"], ["2", "ok", "51"], ["3", 'tremor"', "52"],
        ["4", 'said "no"', "53"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b'id,note\n1,ok\n2,"tall\n3,ok"\n', r"1 line.*\n  line 3: a quote that does not"),
        ("a.csv", b'id;note\n1;"a" b\n', r"line 2: a quote that does not close"),
        ("a.tsv", b"id\tage\tsex\n1\t61F\n2\t61\tF\t\n", r"2 line\(s\).*\n  line 2: 2 cells, the"),
        (
            "a.csv",
            b"id,age\n1,61,5\n",
            r"line 2: 3 cells, the header has 2; a separator is missing",
        ),
        ("a.tsv", b"id\tage\n1\t61\nM\xfcller\t62\n", r"line 3: byte 0xfc is not UTF-8.*Latin-1"),
        (
            "a.tsv",
            b"id age\n1 61\n",
            r"line 1: one column, 'id age'; expected the names of several",
        ),
        ("a.csv", b"PK\x03\x04\0\0", r"a\.csv: no text; expected a table as"),
        ("a.csv", b"\n\n", r"a\.csv: found nothing; expected a header"),
        ("a.xls", b"x", r"a\.xls: expected \.tsv, \.csv or \.xlsx; save"),
        ("a.xlsx", b"id,age\n1,2\n", r"a\.xlsx: not a readable Excel workbook"),
    ],
)
def test_what_would_lose_or_move_a_cell_is_refused_by_its_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_table_file(tmp_path / name)


def test_many_wrong_lines_are_counted(tmp_path):
    (tmp_path / "a.tsv").write_text("id\tage\n" + "1\n" * 30)
    with pytest.raises(ValueError, match="30 line.*") as error:
        read_table_file(tmp_path / "a.tsv")
    assert str(error.value).endswith("\n  and 20 more lines")
    assert len(str(error.value).splitlines()) == 12


@pytest.fixture
def workbook(tmp_path):
    def save(*sheets):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets:
            page = book.create_sheet(title)
            for row in rows:
                page.append(row)
        book.save(tmp_path / "a.xlsx")
        return tmp_path / "a.xlsx"

    return save


ROWS = [["ID", "Age"], [7, 61.0], [None, None], ["P8", 61.5]]


def test_a_workbook_is_read_as_text_with_the_rows_that_excel_shows(workbook):
    found = [(1, ["ID", "Age"]), (2, ["7", "61"]), (4, ["P8", "61.5"])]
    assert read_table_file(workbook(("Scans", ROWS), ("Empty", []))) == found


def test_a_workbook_of_several_sheets_needs_the_name_of_one(workbook):
    path = workbook(("Old", [["ID"], ["1"]]), ("New", ROWS))
    with pytest.raises(ValueError, match=r"a\.xlsx: sheets Old, New; name one with `sheet`"):
        read_table_file(path)
    assert len(read_table_file(path, "New")) == 3
    with pytest.raises(ValueError, match="no sheet 'Newer'; it has Old, New"):
        read_table_file(path, "Newer")


def test_a_formula_that_was_never_worked_out_is_named(workbook):
    with pytest.raises(ValueError, match="line 2: cell B2 is a formula without a value"):
        read_table_file(workbook(("Scans", [["ID", "Age"], [7, "=60+1"]])))


def test_a_missing_table_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="no scan table .*a.csv; .* name it with `table`"):
        read_table_file(tmp_path / "a.csv")
