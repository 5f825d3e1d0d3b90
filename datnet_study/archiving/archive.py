"""All that others need of a finished study in one file, `<study>.zip` in its results."""

import zipfile

from datnet_core.files import whole
from datnet_study.archiving.crate import CRATE, write_crate


def write_archive(study):
    """Pack crate, book and tables of a study.

    Of a phantom the whole book goes in; of a study of people the public one, which has to be built
    before, and no table beside it.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Path

    Raises
    ------
    FileNotFoundError
        If the study is one of people and there is no public book.
    ValueError
        As `write_crate`.
    """
    names = write_crate(study)
    book = "book" if study.phantom else "public/book"
    if not (study.results / book / "index.html").is_file():
        raise FileNotFoundError(
            f"{study.results / book}: no public book of this study of people; make it first: "
            f"make book PUBLIC=1 STUDY={study.source}"
        )
    pages = (study.results / book).rglob("*")
    files = {study.results / name for name in (CRATE, *names)}
    files |= {path for path in pages if path.is_file()}
    target = study.results / f"{study.name}.zip"
    with whole(target) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(files):
            packed.write(path, path.relative_to(study.results))
    return target
