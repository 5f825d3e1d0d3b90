"""Read a table file as text, cell by cell: TSV, CSV or Excel, as spreadsheets write it.

No row or cell is lost or moved without a message: a line that has not as many cells as the header
is refused by its number. What the columns mean is for `columns`.
"""

import codecs
import csv
import re
import warnings
import zipfile

from datnet_study.problems import problem_list

EXCEL = (".xlsx", ".xlsm")
LISTED = 10  # lines of a message; more are counted
QUOTED = re.compile(r'"[^"]*"')


def read_table_file(path, sheet=None):
    """Header and rows of a table, as text.

    Parameters
    ----------
    path : Path
        Text with tabs, commas or semicolons (UTF-8, or UTF-16 as Excel's "Unicode text"; any line
        end), or an Excel workbook (`.xlsx`).
    sheet : str, optional
        Sheet of a workbook that has several.

    Returns
    -------
    list of (int, list of str)
        Number of the line in the file, and its cells without spaces around them; the header comes
        first. Lines without any content are left out.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no such table, or lines have not as many cells as the header; each is named.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"no scan table {path}; expected one row for each scan: put it there, or name it with "
            "`table` in the study file"
        )
    if path.suffix.lower() in (".xls", ".ods", ".numbers"):
        raise ValueError(f"{path}: expected .tsv, .csv or .xlsx; save the table as one of them")
    read = _sheet if path.suffix.lower() in EXCEL else _text
    lines = [(number, cells) for number, cells in read(path, sheet) if any(cells)]
    if len(lines) < 2:
        found = "a header and no row" if lines else "nothing"
        raise ValueError(f"{path}: found {found}; expected a header and one row for each scan")
    n = len(lines[0][1])
    if n == 1:
        raise ValueError(
            f"{path}, line {lines[0][0]}: one column, {lines[0][1][0][:60]!r}; expected the names "
            "of several, with tabs, commas or semicolons between them"
        )
    what = f"cells, the header has {n}; a separator is missing or one too many"
    wrong = [(number, f"{len(cells)} {what}") for number, cells in lines if len(cells) != n]
    _refuse(path, wrong)
    return lines


def _text(path, _):
    """Lines of a text file, each split by itself: what a quote opens does not reach the next."""
    lines = re.split(r"\r\n|\r|\n", _decoded(path))
    first = 0
    separator = _separator(next((line for line in lines if line.strip()), ""))
    if lines[0].lower().startswith("sep=") and len(lines[0]) == 5:  # Excel's own first line
        separator, first = lines[0][4], 1
    rows, problems = [], []
    for number, line in enumerate(lines[first:], start=first + 1):
        try:
            rows.append((number, [cell.strip() for cell in _cells(line, separator)]))
        except csv.Error:
            problems.append(
                (number, "a quote that does not close in this line; take it out, or close it")
            )
    _refuse(path, problems)
    return rows


def _cells(line, separator):
    """Cells of one line. Between tabs a quote is a letter, unless it encloses the whole cell."""
    if separator != "\t":
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    return [
        cell[1:-1].replace('""', '"') if re.fullmatch(r'"([^"]|"")*"', cell) else cell
        for cell in line.split("\t")
    ]


def _separator(header):
    """What stands between the names of the columns."""
    bare = QUOTED.sub("", header)
    return "\t" if "\t" in bare else max(";,", key=bare.count)


def _decoded(path):
    """Text of a file; an encoding that is not clear is refused at its first line."""
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(re.split(rb"\r\n|\r|\n", content[: error.start]))
        raise ValueError(
            f"{path}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8 (it may be "
            "Latin-1 or Windows-1252); save the table as UTF-8, in Excel `CSV UTF-8`"
        ) from None
    if "\0" in text:
        raise ValueError(f"{path}: no text; expected a table as .tsv, .csv or .xlsx")
    return text


def _sheet(path, sheet):
    """Rows of a workbook's sheet."""
    import openpyxl  # not where a table is text

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on looks of the workbook, which nobody reads here
            book = openpyxl.load_workbook(path, data_only=True)
            formulas = openpyxl.load_workbook(path)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise ValueError(f"{path}: not a readable Excel workbook ({error})") from error
    filled = [page.title for page in book.worksheets if page.max_row > 1]
    if sheet is None and len(filled) > 1:
        raise ValueError(f"{path}: sheets {', '.join(filled)}; name one with `sheet`")
    if sheet is not None and sheet not in book.sheetnames:
        raise ValueError(f"{path}: no sheet {sheet!r}; it has {', '.join(book.sheetnames)}")
    page = book[sheet or (filled or book.sheetnames)[0]]
    problems = [
        (cell.row, f"cell {cell.coordinate} is a formula without a value; save it in Excel again")
        for row in formulas[page.title].iter_rows()
        for cell in row
        if cell.data_type == "f" and page[cell.coordinate].value is None
    ]
    _refuse(path, problems)
    return [
        (number, [_cell(value) for value in values])
        for number, values in enumerate(page.iter_rows(values_only=True), start=1)
    ]


def _cell(value):
    """Text of a cell; a whole number has no decimal point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _refuse(path, problems):
    """Raise the problems of lines, if there are any."""
    if problems:
        lines = [f"line {number}: {problem}" for number, problem in problems[:LISTED]]
        more = len(problems) - LISTED
        lines += [f"and {more} more lines"] if more > 0 else []
        raise problem_list(f"{path}: {len(problems)} line(s) to correct", lines)
