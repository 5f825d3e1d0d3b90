# The study as a graph of pages. A page runs again when its source, the library modules it
# imports, the settings it reads or the results it starts from have changed.
import os
import sys
from pathlib import Path

from datnet_core.fingerprint import code_modules
from datnet_study import depends
from datnet_study.study import read_study

STUDY = config.get("study", "data_manifest/demo.yaml")
study = read_study(STUDY)
JOB = f"{sys.executable} -m datnet_study.run"
OUT = f"results/{study.name}"
FOLDS = [f"fold-{k}" for k in range(study.training.n_folds)]
VARIANTS = ["test_fold"] * (study.training.early_stopping_on == "inner")
VARIANTS += ["no_pretraining"] * study.training.pretrain
SCANS = [f"{OUT}/scans.tsv", f"{OUT}/volumes.json"]
STAGES = FOLDS + ["refit"] * (study.decisions.blind_test_model == "refit")

# page: (results it starts from, tables it writes besides its .json and its notebook)
PAGES = {
    "cohorts": (["dataset/scans.tsv"], ["scans.tsv", "volumes.json"]),
    "training": ([f"fits/{stage}.ipynb" for stage in STAGES], ["training.tsv"]),
    "cross_validation": (["training.json"], ["predictions/cross_validation.tsv"]),
    "protocol": (
        ["cross_validation.json", *(f"fits/{v}.{fold}.ipynb" for v in VARIANTS for fold in FOLDS)],
        [],
    ),
    "blind_test": (["cross_validation.json"], ["predictions/blind_test.tsv"]),
    "saliency": (
        ["training.json"],
        ["saliency/regions.nii.gz", "saliency/regions.tsv", "saliency/fold_means.nii.gz"],
    ),
    "binding_ratio": (["saliency.json"], ["binding/ratios.tsv"]),
    "radiomics": (["saliency.json"], ["radiomics/features.tsv"]),
    "fusion": (["blind_test.json"], ["predictions/fusion.tsv"]),
}
ANALYSES = list(PAGES)
PAGES["cohort_sizes"] = ([], [])
PAGES["salient_region"] = (["saliency.json"], [])
PAGES["saliency_sanity"] = (
    ["training.json"], ["saliency/attributions.npz", "saliency/attributions.tsv"]
)
PAGES["claims"] = ([f"{page}.json" for page in ANALYSES], ["claims.tsv"])
if study.phantom:
    PAGES["phantom"] = (
        ["cohorts.json"], ["predictions/oracle.tsv", "predictions/region_means.tsv"]
    )
    PAGES["truth"] = (["phantom.json", "cross_validation.json", "blind_test.json"], [])
    PAGES["saliency_truth"] = (["saliency_sanity.json"], [])
else:
    PAGES["cohorts"] = ([], ["scans.tsv", "volumes.json"])
if study.recipes:
    fits = [f"fits/recipe.{r}.{fold}.ipynb" for r in study.recipes for fold in FOLDS]
    PAGES["resolution"] = (["training.json", "predictions/cross_validation.tsv", *fits], [])

# The user's own files: the scan table and every image of the data set.
OWN = [] if study.phantom else [study.dataset_root / "scans.tsv"]
OWN += sorted(study.dataset_root.rglob("*.nii*")) if OWN else []


def source_of(page):
    source = f"notebooks/{page}.py"
    paths = code_modules(source) + depends.data_read(source, study)
    return list(dict.fromkeys([source, *map(os.path.relpath, paths)]))


depends.forget_lost_models(study.results, study.network.n_members)

localrules: study


rule study:
    input: f"{OUT}/book/index.html"


rule dataset:
    input:
        list(map(os.path.relpath, code_modules("datnet_phantom/dataset.py"))),
        [os.path.relpath(path) for path in (study.calibration_path, study.atlas_path)],
    output: f"{OUT}/dataset/scans.tsv"
    params: study.model_dump_json(include={"phantom", "control"}), study.images.reference_region
    threads: 2
    shell: "{JOB} dataset {STUDY} {threads}"


for page, (needs, tables) in PAGES.items():
    rule:
        name: page
        input:
            source_of(page),
            [f"{OUT}/{name}" for name in [*needs, *depends.results_read(f"notebooks/{page}.py")]],
            [str(path) for path in OWN if page == "cohorts"],
        output: f"{OUT}/{page}.json", f"{OUT}/pages/{page}.ipynb", [f"{OUT}/{t}" for t in tables]
        params: page=page, settings=depends.settings_read(f"notebooks/{page}.py", study)
        threads: 2 if page in ("cohorts", "phantom") else 1
        shell: "{JOB} page {STUDY} {threads} {input[0]} {output[1]}"


# One model per job: the page `training` with its parameter `stage`, two folds side by side. Each
# has one thread, so the number of cores makes no difference to its weights.
rule fit:
    input:
        source_of("training"),
        SCANS,
        lambda wildcards: [f"{OUT}/fits/pretrain.ipynb"]
        * (study.training.pretrain and wildcards.stage != "pretrain"),
    output: f"{OUT}/fits/{{stage}}.ipynb"
    wildcard_constraints: stage="[^.]+"
    params: settings=depends.settings_read("notebooks/training.py", study)
    shell: "{JOB} page {STUDY} {threads} {input[0]} {output[0]} stage={wildcards.stage}"


# The same with one point of the protocol changed, for the page `protocol`.
rule fit_variant:
    input:
        source_of("training"),
        SCANS,
        [f"{OUT}/fits/pretrain.ipynb"] * study.training.pretrain,
    output: f"{OUT}/fits/{{variant}}.{{stage}}.ipynb"
    wildcard_constraints: variant="test_fold|no_pretraining"
    params: settings=depends.settings_read("notebooks/training.py", study)
    priority: -1  # only a short page waits for them, the long ones on saliency wait for the study's
    shell:
        "{JOB} page {STUDY} {threads} {input[0]} {output[0]}"
        " stage={wildcards.stage} variant={wildcards.variant}"


# Another grid or network on the same folds, for the page `resolution`.
rule grid:
    input: SCANS, list(map(os.path.relpath, code_modules("datnet_core/images/volumes.py")))
    output: f"{OUT}/volumes_{{spacing}}mm.json"
    params: study.images.reference_region
    threads: 2
    shell: "{JOB} grid {STUDY} {threads} {wildcards.spacing}"


def recipe_inputs(wildcards):
    grid_mm, _ = study.recipe(wildcards.recipe)
    own = grid_mm == study.images.grid_mm
    needs = SCANS + [f"{OUT}/{study.volumes(grid_mm).stem}.json"] * (not own)
    if study.training.pretrain and wildcards.stage != "pretrain":
        needs.append(f"{OUT}/fits/recipe.{wildcards.recipe}.pretrain.ipynb")
    return needs


rule fit_recipe:
    input: source_of("training"), recipe_inputs
    output: f"{OUT}/fits/recipe.{{recipe}}.{{stage}}.ipynb"
    params:
        settings=depends.settings_read("notebooks/training.py", study),
        recipe=lambda wildcards: study.recipes[wildcards.recipe].model_dump_json(),
    priority: -1  # as above
    shell:
        "{JOB} page {STUDY} {threads} {input[0]} {output[0]}"
        " stage={wildcards.stage} recipe={wildcards.recipe}"


rule book:
    input:
        "_config.yml",
        [str(path) for path in sorted(Path("book").rglob("*")) if path.is_file()],
        notebooks=[f"{OUT}/pages/{page}.ipynb" for page in PAGES],
    output: f"{OUT}/book/index.html"
    params: study.notice
    shell: "{JOB} book {STUDY} {threads} {input.notebooks}"

