"""What the command line does besides the jobs of a study: import, report, package.

Libraries are imported where they are needed: a wrong word on the command line is told at once.
"""

import gc
import sys
from pathlib import Path

from datnet_study.study import read_study

# How `report` ends, for scripts; an error of the command is 1, a wrong word 2, as everywhere.
JUDGED, NOT_JUDGED = 0, 3
REPORTS = "reports"  # folder below results/ where reports go


def bring_in(arguments):
    """Import scans from DICOM, BIDS or PPMI into a folder that a study can read."""
    from datnet_study.importing import Wanted, import_scans
    from datnet_study.importing.frames import minutes_of

    paths = {name: getattr(arguments, name) for name in ("table", "clinical", "names")}
    paths = {name: path and path.expanduser() for name, path in paths.items()}
    window = arguments.window and minutes_of(arguments.window)
    wanted = Wanted(window, arguments.series, **paths)
    source, target = arguments.source.expanduser(), arguments.target.expanduser()
    import_scans(source, target, wanted, arguments.key and arguments.key.expanduser())


def report(arguments):
    """Report on a scan, or on each scan of a folder, by a finished study or by a package.

    Ends with 0 where every scan has probabilities, and with 3 where one has none: its report says
    why. Without a scan, a package is tried on its own made-up one.
    """
    from datnet_study.reporting.acceptance import AGE, said_of, unlike_expected

    if arguments.package and not arguments.scan:
        return _try(arguments, AGE, unlike_expected, said_of)
    from datnet_study.importing.frames import minutes_of
    from datnet_study.reporting.batch import report_on
    from datnet_study.reporting.found import found_scans

    if not arguments.scan:
        raise ValueError("no scan; expected a NIfTI file, a DICOM series or a folder as SCAN")
    window = arguments.window and minutes_of(arguments.window)
    scans, remarks = found_scans(arguments.scan.expanduser(), arguments.series, window)
    for remark in remarks:
        sys.stderr.write(f"  {remark}\n")
    if len(scans) > 1 and arguments.age is not None:
        raise ValueError(
            f"{arguments.scan}: {len(scans)} scans, and AGE is of one; put a table scans.tsv with "
            "the columns path and age into the folder"
        )
    judge, participants = _judge(arguments)
    gc.freeze()  # nilearn collects garbage at each image, and has not to look at what is imported
    folder = _folder(arguments, judge)
    given = {"age": arguments.age, "tracer": arguments.tracer, "space": arguments.space}
    rows = report_on(scans, judge, folder, participants=participants, **given)
    return _told(rows, folder)


def package(arguments):
    """Write the networks of a finished study, and what is needed to judge by them, as a folder."""
    from dataclasses import replace

    from datnet_phantom.numbers import read_calibration
    from datnet_study.reporting.acceptance import made_up_scan, tried
    from datnet_study.reporting.of_study import study_judge
    from datnet_study.reporting.package import write_package

    study = read_study(arguments.study)
    folder = arguments.out.expanduser() if arguments.out else study.results / "package"
    judge = study_judge(study)
    if arguments.tracer:
        judge = replace(judge, facts=judge.facts.model_copy(update={"tracer": arguments.tracer}))
    images = judge.facts.images
    calibration = read_calibration(study.data_manifest / "phantom.yaml")
    phantom = made_up_scan(judge.atlas, calibration, images.reference_region, images.input)
    content = write_package(judge, folder, phantom, tried(judge, phantom))
    sys.stdout.write(f"The package of study {study.name}: {folder}\n{content}\n")


def archive(arguments):
    """Pack book, tables, provenance and versions of a finished study into one file."""
    from datnet_study.archiving import write_archive

    study = read_study(arguments.study)
    sys.stdout.write(f"The archive of study {study.name}: {write_archive(study)}\n")


def _try(arguments, age, unlike_expected, said_of):
    """Judge the made-up scan of a package and compare with what was said of it."""
    from datnet_study.reporting.batch import row_of
    from datnet_study.reporting.found import found_scans
    from datnet_study.reporting.html import write_report
    from datnet_study.reporting.judging import judge_scan
    from datnet_study.reporting.package import acceptance

    judge, _ = _judge(arguments)
    path, expected = acceptance(arguments.package.expanduser())
    (scan,), _ = found_scans(path)
    found = judge_scan(scan, judge, age=age, space="mni")
    folder = _folder(arguments, judge)
    write_report(found, judge, folder / "phantom.html")
    if apart := unlike_expected(said_of(found), expected):
        raise ValueError(
            f"{arguments.package}: on its made-up scan, the package does not say here what it said "
            f"where it was made: {'; '.join(apart)}. Install the versions of requirements.txt"
        )
    sys.stdout.write("The package says of its made-up scan what it said where it was made.\n")
    return _told([row_of(found, judge) | {"report": "phantom.html"}], folder)


def _judge(arguments):
    """Who judges: of a package or of a study, which knows its participants."""
    if arguments.package:
        from datnet_study.reporting.package import read_package

        return read_package(arguments.package.expanduser()), None
    from datnet_study.reporting.of_study import study_judge
    from datnet_study.reporting.participants import Participants

    study = read_study(arguments.study)
    return study_judge(study), Participants(study)


def _folder(arguments, judge):
    """Where reports go."""
    from datnet_study.study_file import project_root

    if arguments.out:
        return arguments.out.expanduser()
    return project_root() / "results" / REPORTS / judge.facts.name


def _told(rows, folder):
    """Say what became of the scans; the exit code."""
    n_judged = sum(row["judged"] == "yes" for row in rows)
    for row in rows if len(rows) == 1 else ():
        said = row["problem"] or f"{row['most_probable']} is the most probable"
        known = " (recognised as a scan of the study)" if row["recognised"] == "yes" else ""
        sys.stdout.write(f"{row['scan']}{known}: {said}\n")
    what = folder / rows[0]["report"] if len(rows) == 1 else folder
    sys.stdout.write(f"{n_judged} of {len(rows)} scan(s) judged: {what}\n")
    return JUDGED if n_judged == len(rows) else NOT_JUDGED


COMMANDS = {"import": bring_in, "report": report, "package": package, "archive": archive}


def add_commands(kinds):
    """Add the commands to a parser.

    Parameters
    ----------
    kinds : object
        What `ArgumentParser.add_subparsers` gives.
    """
    kind = kinds.add_parser("import", help=bring_in.__doc__)
    kind.add_argument("source", type=Path, help="folder of DICOM files, a BIDS data set, or PPMI")
    kind.add_argument("target", type=Path, help="new folder, or that of an earlier import")
    kind.add_argument("--key", type=Path, help="key of the ids (default: <target>-private/key)")
    kind.add_argument("--table", type=Path, help="table of participants, with their ids there")
    kind.add_argument("--clinical", type=Path, help="PPMI: table of visits with clinical values")
    kind.add_argument("--names", type=Path, help="PPMI: YAML with the names of its columns")
    _add_series(kind)
    kind = kinds.add_parser("report", help=report.__doc__.splitlines()[0])
    judge = kind.add_mutually_exclusive_group(required=True)
    judge.add_argument("--study", help="study file of a finished study")
    judge.add_argument("--package", type=Path, help="folder that `package` wrote")
    kind.add_argument("scan", type=Path, nargs="?", help="NIfTI, DICOM series, or folder of scans")
    kind.add_argument("--age", type=float, help="years, for z-scores")
    kind.add_argument("--tracer", default="", help="tracer of the scan, where no header has it")
    kind.add_argument(
        "--space", choices=("auto", "mni", "native"), default="auto", help="where the scan lies"
    )
    kind.add_argument(
        "--out", type=Path, help=f"folder for reports (default: results/{REPORTS}/<name>)"
    )
    _add_series(kind)
    kind = kinds.add_parser("package", help=package.__doc__)
    kind.add_argument("study", help="study file of a finished study")
    kind.add_argument("--out", type=Path, help="new folder (default: package of the results)")
    kind.add_argument("--tracer", default="", help="of the study's scans, where they are your own")
    kind.add_argument("--debug", action="store_true", help="show errors with their traceback")
    kind = kinds.add_parser("archive", help=archive.__doc__)
    kind.add_argument("study", help="study file")
    kind.add_argument("--debug", action="store_true", help="show errors with their traceback")


def _add_series(kind):
    """What commands that read DICOM have in common."""
    kind.add_argument("--window", help="minutes after injection to take, such as 60-75")
    kind.add_argument("--series", default="", help="part of the description of the series to take")
    kind.add_argument("--debug", action="store_true", help="show errors with their traceback")
