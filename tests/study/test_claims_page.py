"""The pages `claims` and `summary` on made-up results of the pages before them."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from in_process import run_cells

from datnet_core.fingerprint import ROOT
from datnet_study.claims import read_claims
from datnet_study.study import read_study

CLAIMS = read_claims(ROOT / "data_manifest" / "claims.tsv")
WORDS = CLAIMS[CLAIMS["kind"] == "words"]
NAMES = ("IPD", "MSA", "NC")
ORACLE = pd.DataFrame(
    [
        ("training", "IPD", 0.9, 0.1, 0.0), ("training", "MSA", 0.2, 0.7, 0.1),
        ("training", "NC", 0.0, 0.1, 0.9), ("blind test", "IPD", 0.4, 0.6, 0.0),
        ("blind test", "MSA", 0.2, 0.8, 0.0),
    ],
    columns=["judged", "diagnosis", *(f"p_{name}" for name in NAMES)],
).assign(participant_id="1", session_id="1", oracle="true binding")  # fmt: skip


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project folder without any study."""
    (tmp_path / "data_manifest").symlink_to(ROOT / "data_manifest")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(folder, diagnoses, right, **more):
    """Write results in which the claims in `right` are the paper's words and all others wrong."""
    for page in (*CLAIMS["section"].unique(), "circularity", "external"):
        ours = {
            c.id: {"value": c.value if c.id in right else "something else"}
            for c in WORDS[WORDS["section"] == page].itertuples()
        }
        settings = {"diagnoses": list(diagnoses)}
        content = {"page": page, "study": folder.name, "claims": ours, "result": f"Of {page}."}
        content |= {"made_from": {"settings": settings}, "numbers": more.get(page, {})}
        (folder / "predictions").mkdir(parents=True, exist_ok=True)
        (folder / f"{page}.json").write_text(json.dumps(content))


def run(name, project, **settings):
    """Run both pages on a study; their result files and the table of claims."""
    text = {"name": name, "title": "Made up"} | settings
    (project / f"{name}.yaml").write_text(yaml.safe_dump(text))
    found = read_study(f"{name}.yaml").results
    for page in ("claims", "summary"):
        run_cells(ROOT / "notebooks" / f"{page}.py", {"study": f"{name}.yaml"})
    pages = [json.loads((found / f"{page}.json").read_text()) for page in ("claims", "summary")]
    table = pd.read_csv(found / "claims.tsv", sep="\t", keep_default_na=False)
    return *pages, table.set_index("id")


PAIR = {"cross_validation": {"auc": {"DAT-Net.IPD against MSA": [0.7, 0.6, 0.8]}}}
ELSEWHERE = {"quantity": "accuracy", "of": "all", "paper": "0.879", "far": "0.6 (0.5 to 0.7)"}
OUTSIDE = {"external": {"beside_paper": [ELSEWHERE]}}


def test_claims_of_own_scans_have_neither_ceiling_nor_null(project):
    made(Path("results/own"), NAMES, ["saliency.regions"], **PAIR, **OUTSIDE)
    claims, summary, table = run("own", project, dataset="scans", diagnoses=list(NAMES))
    assert set(table["ceiling"]) == set(table["null"]) == {""}
    assert claims["numbers"]["ceiling"] == {} and claims["numbers"]["null"] is None
    assert "make study STUDY=null" in claims["result"] and "limit" not in claims["result"]
    assert table.loc["saliency.regions", "verdict"] == "reported"  # there is no PSP
    assert summary["result"].startswith(
        "IPD against MSA in this study: in scans that it never saw (cross-validation), the network "
        "has an AUC of 0.70 (0.60 to 0.80). Of the paper's 52 claims (45 claims with sensitivity "
        "and specificity of a diagnosis counted as one), "
    )


def test_a_phantom_has_ceilings_or_reasons_and_the_study_null_beside_it(project):
    right = ["saliency.regions", "br.putamen.ipd_msa", "dlbr.ipd_psp"]
    diagnoses = ("IPD", "MSA", "PSP", "NC")
    gain = {"difference": -0.05, "low": -0.1, "high": -0.01, "p": 0.02, "holm": 0.02, "bh": 0.02}
    minus = {"network_minus": {"binding ratios with asymmetry.IPD against MSA": gain}}
    pair = {"cross_validation": PAIR["cross_validation"] | minus}
    made(Path("results/mine"), diagnoses, right, **pair)
    made(Path("results/null"), diagnoses, ["br.putamen.ipd_msa", "blind.vs_br"])
    ORACLE.assign(p_PSP=0.0).to_csv("results/mine/predictions/oracle.tsv", sep="\t", index=False)
    truth = {"oracle, true binding.IPD.MSA": [0.4, 0.3, 0.45], "DAT-Net.IPD.MSA": [0.4, 0.2, 0.45]}
    truth["oracle, region means.IPD.MSA"] = [0.38, 0.3, 0.45]
    truth["binding ratios with asymmetry.IPD.MSA"] = [0.45, 0.4, 0.5]
    put_in = {name: {"asymmetry": 0.1, "loss": {"caudate": 0.5}} for name in diagnoses}
    truth = {"numbers": {"pairwise": truth, "put_in": put_in}}
    Path("results/mine/truth.json").write_text(json.dumps(truth))
    claims, summary, table = run("mine", project, extends="data_manifest/demo.yaml")
    assert all(table["ceiling"])
    assert table.loc["blind.accuracy", "ceiling"] == "0.500"  # one of two
    assert table.loc["cv.auc.psp", "ceiling"] == "– (no such scans here)"
    assert table.loc["saliency.regions", "ceiling"].startswith("– (no best map is defined")
    assert claims["numbers"]["null"]["agrees"] == 2
    assert claims["numbers"]["agree_here_and_on_null"] == 1
    assert (
        "2 claims are alike; of those that are alike here, 1 claims are alike there too"
        in claims["result"]
    )
    assert table.loc["blind.vs_br", ["verdict", "null_verdict"]].tolist() == ["differs", "agrees"]
    for words in (
        "binding ratios with asymmetry have 0.45 (0.40 to 0.50), so the network is worse: ",
        "difference -0.050 (-0.100 to -0.010). A classifier that is told the true binding",
    ):
        assert words in summary["result"]
    assert "no scan shows, has 0.40 (0.30 to 0.45); one that knows" in summary["result"]
    assert "region means of the image, 0.38 (0.30 to 0.45). Of the" in summary["result"]
    assert (
        ": 3 claims alike (no claims by numbers within 0.1, 3 claims by the same statement)"
        in summary["result"]
    )
    assert "Where the patient groups do not differ, 2 claims are alike." in summary["result"]
    # A planted wrong result flips its verdict, on either page.
    made(Path("results/mine"), diagnoses, [*right[1:], "blind.vs_br"], **pair)
    _, summary, table = run("mine", project, extends="data_manifest/demo.yaml")
    for claim, verdict in {"saliency.regions": "differs", "blind.vs_br": "agrees"}.items():
        assert table.loc[claim, "verdict"] == summary["numbers"]["verdicts"][claim] == verdict


def test_the_study_null_is_not_set_beside_itself(project):
    made(Path("results/null"), NAMES, [], **PAIR)
    claims, _, table = run("null", project, dataset="scans", diagnoses=list(NAMES))
    assert "This is the study null" in claims["result"]
    assert set(table["null"]) == {""}
