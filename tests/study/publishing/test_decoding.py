"""Texts behind encodings; what a check need not read."""

import base64

from small_public_books import png

from datnet_study.publishing.decoding import without_images


def test_a_known_image_is_taken_out_and_all_around_it_stays():
    spelt = base64.b64encode(png()).decode()
    text = f'{{"a": "KX-1", "image/png": "{spelt}\\n", "b": "{spelt}"}} KX-2'.encode()
    left = without_images(text, lambda image: image == png())
    assert left == b'{"a": "KX-1", "image/png": " \\n", "b": " "} KX-2'


def test_an_image_that_is_unknown_or_has_more_in_its_spelling_stays():
    spelt = base64.b64encode(png() + b"x" * (1 - len(png()) % 3)).decode()
    for text in (spelt, f"{spelt}AAAA"):
        assert without_images(text.encode(), lambda _: False) == text.encode()
    one_over = base64.b64encode(png(9) + b"\n" * ((1 - len(png(9))) % 3)).decode()
    assert one_over.endswith("==")
    image = base64.b64decode(one_over)
    odd = one_over[:-3] + chr(ord(one_over[-3]) + 1) + "=="  # bits that no decoder reads
    assert base64.b64decode(odd) == image
    assert without_images(odd.encode(), lambda found: found == image) == odd.encode()
    assert without_images(one_over.encode(), lambda found: found == image) == b" "
