"""Build the book from the prose around the pages and the pages that ran."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml


def build_book(study, pages):
    """Assemble prose and executed pages, and build the HTML book; warnings are errors.

    Parameters
    ----------
    study : Study
    pages : sequence of Path
        Executed notebooks, put below `pages/` of the book.

    Raises
    ------
    RuntimeError
        If the build fails: names the log and quotes its warnings.
    """
    root = study.data_manifest.parent
    log = study.results / "book.log"
    with tempfile.TemporaryDirectory(dir=study.results) as folder:
        source = Path(folder) / "source"
        shutil.copytree(root / "book", source)
        (source / "pages").mkdir()
        for page in pages:
            shutil.copy(page, source / "pages")
        toc = yaml.safe_load((source / "_toc.yml").read_text())
        made = {f"pages/{Path(page).stem}" for page in pages}
        for part in toc.get("parts", [toc]):  # a study of own scans has no page on the phantom
            files = [chapter["file"] for chapter in part["chapters"]]
            kept = [name for name in files if name in made or not name.startswith("pages/")]
            part["chapters"] = [{"file": name} for name in kept]
        (source / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False))
        (source / "notice.md").write_text(f":::{{important}}\n{study.notice}\n:::\n")
        command = [Path(sys.executable).with_name("jupyter-book"), "build", source]
        command += ["--config", root / "_config.yml", "--path-output", folder]
        command += ["-W", "-n", "--keep-going"]  # all warnings in one go, each an error
        with log.open("w") as stream:
            built = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT)
        if built.returncode:
            lines = [line for line in log.read_text().splitlines() if "WARN" in line]
            quoted = "\n".join(f"  {line.replace(f'{source}/', '')}" for line in lines[:10])
            raise RuntimeError(f"the book did not build; log: {log}\n{quoted}")
        shutil.rmtree(study.results / "book", ignore_errors=True)
        os.replace(Path(folder) / "_build" / "html", study.results / "book")
