"""Scans of a hospital or an archive, as a folder for a study that nobody can trace back."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "importer": [
            "import_scans",  # from DICOM, BIDS or PPMI to NIfTI and scans.tsv
        ],
        "source_scan": [
            "SourceScan",  # what is known of a scan at its source
            "Wanted",  # what the user wants of a source
        ],
    },
)
