"""AI-based differential diagnosis of parkinsonism on DAT PET: the library behind the pages."""

__version__ = "0.1.0"
