"""Ids that say nothing without a key: HMAC of the id at the source.

A plain hash of a hospital number is reversed by hashing all numbers there are; with a key that
stays with the owner of the source, that is no longer possible. The same key gives the same ids.
"""

import hashlib
import hmac
import secrets

N_DIGITS = 12  # 48 bits: of ten thousand participants two share an id once in five million imports


def read_key(path):
    """The key of an owner; made at the first use, readable by nobody else.

    Parameters
    ----------
    path : Path
        Text of 64 hexadecimal digits.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If the file holds no key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f"{secrets.token_hex(32)}\n")
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) < 16:
        raise ValueError(
            f"{path}: no key; expected at least 32 hexadecimal digits: name the file of the first "
            "import, or remove it to give everybody a new id"
        )
    return key


def keyed(key, kind, text):
    """A word for an id that only the owner of the key can make.

    Parameters
    ----------
    key : bytes
    kind : str
        What is named; the same text of another kind gets another word.
    text : str

    Returns
    -------
    str
        Hexadecimal digits.

    Examples
    --------
    >>> keyed(b"a key of the owner", "participant", "7734551")
    '24dc47803e64'
    """
    return hmac.new(key, f"{kind}\0{text}".encode(), hashlib.sha256).hexdigest()[:N_DIGITS]
