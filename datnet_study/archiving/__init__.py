"""What a run was made from and with, in a form that others read, and all of it in one file."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "archive": [
            "write_archive",  # book, tables, crate and versions in one file
        ],
        "crate": [
            "CRATE",
            "write_crate",  # ro-crate-metadata.json
        ],
        "provenance": [
            "write_provenance",
        ],
    },
)
