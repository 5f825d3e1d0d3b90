"""Reports on single scans by the networks of a study, or by a package of them that travels."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "judge": [
            "Facts",  # words and numbers of a judge
            "Judge",  # networks, settings and norms that judge a scan
        ],
        "of_study": [
            "Material",  # what the judge of a study is made of
            "made_judge",  # from that
            "study_judge",  # from the results of a study
            "unseen",  # predictions that a report may promise by
        ],
        "package": [
            "read_package",
            "write_package",
        ],
        "found": [
            "Found",  # a scan to judge
            "found_scans",  # at a path
        ],
        "judging": [
            "Judged",  # what is known of a scan
            "judge_scan",  # quality, measures, probabilities, sets, flag
        ],
        "participants": [
            "Participants",  # recognises scans of the study, judged by who never saw them
        ],
        "acceptance": [
            "AGE",  # of the person of that phantom
            "made_up_scan",  # a phantom to try a package on
            "of_image",  # an image as a scan to judge
        ],
        "words": [
            "first_screen",  # what a reader has to know in half a minute
            "measure_rows",  # binding ratios beside controls, and beside those learned from
            "norms_in_words",
        ],
        "card": [
            "doubt_in_words",  # what sets and flags promise
        ],
        "measures": [
            "outlines",  # regions of the atlas, for drawing
            "asymmetry_in_words",  # and its sign
            "measures_in_words",  # what a binding ratio is here
            "panel_titles",  # words below the panels of a scan among others
            "without_sides",  # asymmetries as sizes
        ],
        "html": [
            "write_report",
        ],
        "batch": [
            "report_on",  # many scans
            "row_of",  # a line of the table of them
        ],
    },
)
