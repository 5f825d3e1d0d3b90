"""Every text in a file, also where it is packed, encoded or hidden behind markup.

A text is found in the bytes themselves, in archives and compressed streams, in the chunks of a PNG,
behind HTML entities, percent signs and escapes, in base64 and hexadecimal, between tags, and
between characters that nobody sees.
"""

import base64
import binascii
import bz2
import gzip
import html
import io
import lzma
import re
import struct
import unicodedata
import zipfile
import zlib
from urllib.parse import unquote

DEEPEST = 5  # layers of packing
LARGEST = 200_000_000  # bytes of one layer: what unpacks to more is refused
PRINTED = 0.9  # share of printable characters from which decoded bytes are a text
ENOUGH_TEXT = 4  # characters
HEAD = 300  # bytes that tell whether they are a text
RUN64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
RUN16 = re.compile(r"\b(?:[0-9a-fA-F]{2}){6,}\b")
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+")
TAG = re.compile(r"<!--|-->|</?[A-Za-z!?][^<>]*>")
UNSEEN = re.compile("[\u00ad\u180e\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]")
ACCENTS = re.compile("[\u0300-\u036f]")
PNG, ZIP = b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"
IMAGES_64 = (
    "iVBORw0KGgo",
    "/9j/",
    "R0lGOD",
    "UklGR",
    "PHN2Zy",
    "Qk0",
    "SUkqA",
    "TU0AK",
)  # their starts
IMAGE_64 = re.compile(rf"(?:{'|'.join(map(re.escape, IMAGES_64))})[A-Za-z0-9+/]*={{0,2}}".encode())
PACKED = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ": lzma.decompress}


def texts(data, where="", depth=0):
    """Every text in some bytes.

    Parameters
    ----------
    data : bytes
    where : str
        What is said of the place; each layer adds to it.
    depth : int
        Layers around these bytes.

    Yields
    ------
    (str, str)
        Place and text.

    Raises
    ------
    ValueError
        If something is packed more than five times, or unpacks to more than 200 MB.

    Examples
    --------
    >>> [text for _, text in texts(b"c3ViLTAwMDEgaXMgaGVyZQ==")]
    ['c3ViLTAwMDEgaXMgaGVyZQ==', 'sub-0001 is here']
    """
    if depth > DEEPEST or len(data) > LARGEST:
        raise ValueError(
            f"{where}: packed {depth} times, {len(data)} bytes; expected at most {DEEPEST} times "
            f"and {LARGEST} bytes"
        )
    for part, content in _unpacked(data):
        yield from texts(content, f"{where}, {part}", depth + 1)
    for text in _read(data):
        yield where, text
        yield from _within(text, where, depth)


def folded(text):
    """A text without case, accents, and characters that nobody sees."""
    if text.isascii():
        return text.casefold()
    return ACCENTS.sub("", unicodedata.normalize("NFKD", UNSEEN.sub("", text)).casefold())


def embedded_images(text):
    """Images in base64 that a text holds, as bytes."""
    for run in dict.fromkeys(RUN64.findall(text)):
        if run.startswith(IMAGES_64):
            yield _from64(run)


def without_images(data, is_known):
    """Bytes without the images in base64 that are known; they say nothing, and take long to read.

    Parameters
    ----------
    data : bytes
    is_known : callable
        Of the bytes of an image.

    Returns
    -------
    bytes
        With a space for each; an image stays that is not spelt as base64 is by rule, for what is
        left over in it could say something.
    """

    def kept(found):
        image = _from64(found[0].decode())
        as_ruled = base64.b64encode(image) == found[0]
        return b" " if as_ruled and is_known(image) else found[0]

    return IMAGE_64.sub(kept, data)


def _unpacked(data):
    """What is packed in bytes: name of the packing and content."""
    for magic, unpack in PACKED.items():
        if data.startswith(magic):
            yield "unpacked", unpack(data)
    if data.startswith(ZIP):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield "names", "\n".join(archive.namelist()).encode()
            for name in archive.namelist():
                yield "in the archive", archive.read(name)
    if data.startswith(PNG):
        yield from _chunks(data)
    at = data.find(b"\x78", 0, 2000)
    while at >= 0:  # a zlib stream, as that of a Sphinx inventory behind its header
        if at + 1 < len(data) and data[at + 1] in (0x01, 0x5E, 0x9C, 0xDA):
            try:
                yield "unpacked", zlib.decompress(data[at:])
                return
            except zlib.error:
                pass
        at = data.find(b"\x78", at + 1, 2000)


def _chunks(data):
    """Texts of a PNG, and what stands behind its end."""
    at = len(PNG)
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        content = data[at + 8 : at + 8 + size]
        at += size + 12
        if kind in (b"zTXt", b"iTXt"):
            for k in range(len(content)):
                try:
                    yield "in the image", zlib.decompress(content[k:])
                    break
                except zlib.error:
                    continue
        if kind not in (b"IHDR", b"IDAT", b"PLTE", b"IEND"):
            yield "in the image", content
        if kind == b"IEND":
            break
    if data[at:]:
        yield "behind the image", data[at:]


def _read(data):
    """Bytes as text: UTF-8, and UTF-16 where every second byte is 0; of a PNG, see `_chunks`."""
    if data.startswith(PNG):
        return
    yield data.decode("utf-8", errors="replace")
    head = data[:4000]
    if head[1::2].count(0) > len(head) / 4 or head[::2].count(0) > len(head) / 4:
        for encoding in ("utf-16-le", "utf-16-be"):
            yield data.decode(encoding, errors="replace")


def _within(text, where, depth):
    """Texts that another one holds."""
    plain = text
    for _ in range(3):
        again = ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), plain)
        again = PERCENT.sub(lambda found: unquote(found[0]), html.unescape(again))
        if again == plain:
            break
        plain = again
    if plain != text:
        yield f"{where}, decoded", plain
    if TAG.search(plain):
        yield f"{where}, without tags", TAG.sub("", plain)
    for pattern, decode in ((RUN64, _from64), (RUN16, binascii.unhexlify)):
        for run in dict.fromkeys(pattern.findall(plain)):
            decoded = decode(run)
            if decoded and (_is_text(decoded) or decoded.startswith((PNG, ZIP, *PACKED))):
                yield from texts(decoded, f"{where}, encoded", depth + 1)


def _from64(run):
    """Bytes of base64, with either alphabet and without its end."""
    run = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4))
    except binascii.Error:
        return b""


def _is_text(data):
    """Whether bytes look like a text."""
    text = data[:HEAD].decode("utf-8", errors="replace")
    return len(text) >= ENOUGH_TEXT and sum(c.isprintable() and c != "\ufffd" for c in text) >= (
        PRINTED * len(text)
    )
