"""Keyed ids: the same for the same key, and none without it."""

import hashlib
import re

import pytest

from datnet_study.importing.pseudonyms import keyed, read_key


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path):
    path = tmp_path / "private" / "key"
    key = read_key(path)
    assert len(key) == 32
    assert read_key(path) == key
    assert read_key(tmp_path / "other") != key
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_that_holds_no_key_is_refused(tmp_path):
    (tmp_path / "key").write_text("secret")
    with pytest.raises(ValueError, match="no key; expected at least 32 hexadecimal digits"):
        read_key(tmp_path / "key")


def test_an_id_depends_on_the_key_and_on_what_it_names():
    words = {keyed(key, kind, "3001") for key in (b"a", b"b") for kind in ("who", "what")}
    assert len(words) == 4
    assert all(re.fullmatch(r"[0-9a-f]{12}", word) for word in words)


def test_trying_all_hospital_numbers_without_the_key_finds_nobody():
    found = keyed(b"a key of the owner", "participant", "3001")
    tried = {hashlib.sha256(str(n).encode()).hexdigest()[:12] for n in range(5000)}
    assert found not in tried
