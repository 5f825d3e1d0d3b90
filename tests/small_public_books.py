"""Small images for the tests of public books."""

import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo


def png(colour=0, **texts):
    """A small image, with texts in its metadata."""
    info, file = PngInfo(), io.BytesIO()
    for key, text in texts.items():
        info.add_text(key, text, zip=key == "packed")
    Image.new("L", (8, 6), colour).save(file, format="png", pnginfo=info)
    return file.getvalue()
