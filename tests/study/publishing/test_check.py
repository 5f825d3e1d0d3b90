"""Leaks of each known kind are planted in a clean book: each is found, and nothing else."""

import base64
import bz2
import getpass
import gzip
import hashlib
import io
import json
import socket
import tempfile
import zipfile
import zlib
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from small_public_books import png

from datnet_study.publishing.check import HIDDEN, check_public, refuse_leaks

WHO = "KX-40721"


def found(folder, study, needles, **more):
    """Kinds of what a check finds."""
    return {f.kind for f in check_public(folder, study, needles, images=[png()], **more)}


def test_a_clean_book_has_no_finding(book, study, needles):
    assert check_public(book, study, needles, images=[png()]) == []


def zipped(text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("notes.txt", text)
    return file.getvalue()


def saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def encoded(data):
    return base64.b64encode(data).decode()


def table(head, row):
    heads = "".join(f"<th>{cell}</th>" for cell in head.split())
    cells = "".join(f"<td>{cell}</td>" for cell in str(row).split())
    return f"<table><tr>{heads}</tr><tr>{cells}</tr></table>"


ID, NAME, DAY = "participant id", "free text of the scan table", "date"
IMAGE, PLACE = "image of unknown origin", "place on the machine"
IN_PAGE = {  # a piece of a page, and the kind of what is found
    "as it is": (WHO, ID),
    "in small letters with another sign": ("kx_40721", ID),
    "as BIDS writes it": ("sub-KX40721", ID),
    "between tags": ("KX-<b>407</b>21", ID),
    "in a comment": ("<!-- KX 40721 -->", ID),
    "as an alternative text": ('<img alt="KX-40721" src="_images/a.png">', ID),
    "as an attribute": ('<i data-who="KX-40721"></i>', ID),
    "as an anchor": ('<a id="kx-40721"></a>', ID),
    "as entities": ("&#75;X&#45;40721", ID),
    "in percent": (f'<a href="{quote("KX-40721", safe="").replace("K", "%4B")}">', ID),
    "as escapes of JavaScript": ("<script>a='\\u004bX-40721'</script>", ID),
    "in base64": (encoded(b"who: KX-40721, F"), ID),
    "in base64 alone": (encoded(WHO.encode()), ID),
    "in hexadecimal": (b"who: KX-40721".hex(), ID),
    "in a data address": (f'<a href="data:text/plain;base64,{encoded(b"of KX-40721 x")}">', ID),
    "packed in a data address": (encoded(gzip.compress(b"of KX-40721 there")), ID),
    "as a hash": (hashlib.sha256(WHO.encode()).hexdigest(), ID),
    "as a short hash": (hashlib.md5(b"sub-KX40721").hexdigest(), ID),
    "between unseen characters": ("KX-4\u200b07\u00ad21", ID),
    "in letters of full width": ("ＫＸ-40721", ID),
    "a short id behind a word": ("participant 17", ID),
    "a short id of BIDS": ("sub-17", ID),
    "a name": ("Maria Eberhardt", NAME),
    "a surname": ("EBERHARDT", NAME),
    "a note": ("tremor left, Dr X", NAME),
    "a name in a note": ("Dr. Waldmeister", NAME),
    "a day of birth": ("1948-02-27", DAY),
    "a day of birth, German": ("27.02.1948", DAY),
    "a day of birth, American": ("2/27/1948", DAY),
    "a day in words": ("27 February 1948", DAY),
    "a day of the scan": ("2019-03-14", DAY),
    "a day without signs": ("20190314", DAY),
    "a file": ("scan17.nii", "file name"),
    "a text of a header": ("Zwischenschicht", "text of an image header"),
    "the folder of a user": ("/home/emil/data/x", PLACE),
    "a folder of Windows": ("C:\\Users\\emil\\data", PLACE),
    "a temporary folder": (f"{tempfile.gettempdir()}/tmp4kd3a/source", PLACE),
    "a table of people": (table("participant_id", 9), "table of participants"),
    "a row of one participant": (table("a b c", "71.04 F PD"), "row of one participant"),
    "a small count": (table("scans", 3), "count below 5"),
    "a small count in a sentence": ("Left out are 2 scans.", "count below 5"),
    "all but few": ("61 of 62 participants have it.", "count below 5"),
    "by subtraction": (table("scans pass", "62 60"), "count that follows by subtraction"),
    "an image": (f'<img src="data:image/png;base64,{encoded(png(9))}">', IMAGE),
}  # fmt: skip


@pytest.mark.parametrize("way", IN_PAGE)
def test_a_leak_in_a_page_is_found(way, book, study, needles):
    piece, kind = IN_PAGE[way]
    page = book / "index.html"
    page.write_text(page.read_text().replace("</body>", f"<p>{piece}</p></body>"))
    assert kind in found(book, study, needles)


FILES = {  # name, content and kind
    "a table": ("files/a.tsv", b"a\tb\n1\t2\n", "kind of file"),
    "an array": ("files/a.npy", saved(np.zeros(3)), "kind of file"),
    "an image of the brain": ("files/a.nii.gz", gzip.compress(b"abc"), "kind of file"),
    "a file without suffix that is packed": ("files/a", gzip.compress(f"x {WHO}".encode()), ID),
    "an archive under another name": ("files/a.txt", zipped(f"x {WHO}"), ID),
    "packed otherwise": ("files/a.txt", bz2.compress(WHO.encode()), ID),
    "an inventory": ("objects.inv", b"# Sphinx\n# zlib\n" + zlib.compress(WHO.encode()), ID),
    "an index of words": ("searchindex.js", b'{"terms":{"kx":[0],"40721":[0]}}', ID),
    "an index with the whole word": ("searchindex.js", b'{"terms":{"kx-40721":[0]}}', ID),
    "a map of the site": ("sitemap.txt", b"pages/kx-40721.html", ID),
    "the name of a file": ("pages/KX-40721.html", b"<p></p>", ID),
    "the name of a folder": ("pages/kx_40721/index.html", b"<p></p>", ID),
    "another alphabet": ("a.txt", WHO.encode("utf-16"), ID),
    "an unknown image": ("_images/b.png", png(7), IMAGE),
    "an unknown drawing": ("_images/b.svg", b"<svg><path d='M0 0'/></svg>", IMAGE),
    "a text in an image": ("_images/b.png", png(0, note=WHO), ID),
    "a packed text in an image": ("_images/b.png", png(0, packed=WHO), ID),
    "behind the end of an image": ("_images/b.png", png() + WHO.encode(), ID),
    "a notebook": ("_sources/a.ipynb", json.dumps({"cells": [{"outputs": [WHO]}]}).encode(), ID),
    "an error of a notebook": (
        "_sources/a.ipynb", json.dumps({"traceback": [f"File /home/emil/x.py {WHO}"]}).encode(), ID,
    ),
    "an image of a notebook": (
        "_sources/a.ipynb", json.dumps({"image/png": encoded(png(3))}).encode(),
        IMAGE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", FILES)
def test_a_leak_in_a_file_is_found(way, book, study, needles):
    name, content, kind = FILES[way]
    (book / name).parent.mkdir(parents=True, exist_ok=True)
    (book / name).write_bytes(content)
    assert kind in found(book, study, needles)


def test_words_that_were_drawn_into_an_image_are_searched(book, study, needles):
    assert found(book, study, needles, drawn={"fig": ["AUC", f"{WHO}, worst"]}) == {ID}


def test_the_folders_of_the_study_and_the_names_of_the_machine_are_searched(book, study, needles):
    for folder in (study.dataset_root, study.results.parents[1]):
        (book / "a.txt").write_text(f"made in {folder.absolute()}")
        assert found(book, study, needles) >= {PLACE}
    names = {getpass.getuser(), socket.gethostname()}
    assert needles.unsearched[PLACE] <= len(names) + 1


def test_what_refuses_a_book_names_file_and_kind_and_not_the_leak(book, study, needles):
    (book / "index.html").write_text(f"<p>the one who is {WHO} was there</p>")
    with pytest.raises(ValueError, match="the public book was not made: 1 finding") as error:
        refuse_leaks(check_public(book, study, needles, images=[png()]))
    title, line = str(error.value).splitlines()
    assert "1 of participant id" in title
    assert line.strip() == f"index.html: participant id: <p>the one who is {HIDDEN} was there</p>"
    refuse_leaks([])


def test_files_that_the_tools_bring_along_pass_as_they_are_and_no_other(book, study, needles):
    import sphinx

    file = next(Path(sphinx.__file__).parent.glob("themes/basic/static/*.png"))
    (book / "_static").mkdir()
    (book / "_static" / file.name).write_bytes(file.read_bytes())
    assert found(book, study, needles) == set()
    (book / "_static" / file.name).write_bytes(file.read_bytes() + b" ")
    assert found(book, study, needles) == {IMAGE}
