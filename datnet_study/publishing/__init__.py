"""A book that everybody may see: public forms of displays, and a search for leaks."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "check": [
            "Finding",
            "check_public",  # every byte of every file
            "refuse_leaks",
        ],
        "needles": [
            "Needles",
            "needles_of",  # what a public book of a study may not hold
        ],
        "public_book": [
            "build_public_book",
        ],
        "public_pages": [
            "PublicPage",
            "public_page",  # prose, code and public forms
        ],
    },
)
