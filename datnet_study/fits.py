"""The networks of a study: which there are, where they lie, and the job that trains them."""

from dataclasses import dataclass

from datnet_core.training.plan import VARIANTS, curve_model, model_names
from datnet_study.simulated import FOLDER
from datnet_study.table import certainties

CURVE = ("scratch", "pretrained")  # what networks of a learning curve may start from
SIMULATED = f"data_manifest/{FOLDER}"  # where networks start that begin with simulated people
FILES = ("weights.safetensors", "config.json", "history.tsv")  # of a finished network


@dataclass(frozen=True)
class Fit:
    """One network to train: network `member` of a model, under a variant or a recipe."""

    model: str
    member: int
    variant: str = "study"
    recipe: str = "study"
    start: str | None = None  # folder of the network whose weights it starts from, or `SIMULATED`

    @property
    def kind(self):
        """What it is trained for: the study, or a comparison of protocols and sizes, or recipes."""
        if self.recipe != "study":
            return "recipes"
        return "study" if self.variant == "study" else "variants"

    @property
    def folder(self):
        """Where it lies below the results of the study."""
        return f"{model_folder(self.variant, self.recipe)}/{self.model}/member-{self.member}"

    @property
    def job_name(self):
        """Name of the job that trains it.

        Examples
        --------
        >>> Fit("fold-0", 1).job_name
        'fit_fold_0_member_1'
        """
        return "_".join(["fit", *self.folder.split("/")[1:]]).replace("-", "_")

    @property
    def files(self):
        """Files of the finished network, relative to the results."""
        return tuple(f"{self.folder}/{name}" for name in FILES)


def model_folder(variant="study", recipe="study"):
    """Folder of the models of a variant, a recipe or a curve, below the results of the study."""
    if recipe != "study":
        return f"models/recipes/{recipe}"
    if variant in CURVE:
        return f"models/curve/{variant}"
    return "models" if variant == "study" else f"models/{variant}"


def variants(study):
    """Names of the protocols set beside that of the study, without those that are its own."""
    own = {study.training.early_stopping_on}
    if not (pretrained(study) or study.training.starts_simulated):
        own.add("no_pretraining")
    return [name for name in study.protocols if name not in own]


def pretrained(study, recipe="study"):
    """Whether a network learns from the pre-training cohort: asked for, and there are scans."""
    return study.recipe(recipe).training.learns_from_cohort and "possible" in certainties(study)


def start_folder(study, fit):
    """Folder of the network that another one starts from; None where it starts from nothing."""
    if fit.start == SIMULATED:
        return study.data_manifest / FOLDER
    return study.results / fit.start if fit.start else None


def curve_starts(study):
    """What the networks of the learning curve start from; without a blind test there are none."""
    if study.learning_curve is None or "confirmed" not in certainties(study):
        return ()
    return CURVE if pretrained(study) else CURVE[:1]


def planned_fits(study):
    """All networks of a study, each after the one it starts from.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of Fit
        Those of the study itself first, then of the variants of the protocol, of the learning
        curve, and of the recipes.
    """
    refit = study.decisions.blind_test_model == "refit"
    n_folds, folds = study.training.n_folds, model_names(study.training.n_folds, pretrain=False)
    fits = _fits(study, model_names(n_folds, pretrain=pretrained(study), refit=refit))
    for variant in variants(study):
        fits += _fits(study, folds, variant=variant)
    fits += _curve_fits(study)
    for recipe in study.recipes:
        names = model_names(n_folds, pretrain=pretrained(study, recipe))
        fits += _fits(study, names, recipe=recipe)
    return fits


def _curve_fits(study):
    """The networks of the learning curve, small cohorts first."""
    fits = []
    for size in (*study.learning_curve.sizes, None) if curve_starts(study) else ():
        for draw in range(study.learning_curve.repeats):
            begin = f"{model_folder()}/pretrain/member-{draw % study.network.n_members}"
            for start in curve_starts(study):
                before = begin if start == "pretrained" else None
                fits.append(Fit(curve_model(size), draw, start, start=before))
    return fits


def _fits(study, names, variant="study", recipe="study"):
    """The networks of some models of one kind."""
    _, network, training = study.recipe(recipe)
    first = SIMULATED if training.starts_simulated else None
    own = pretrained(study, recipe)
    nothing = VARIANTS.get(variant, {}).get("pretrain_on") == "none"
    fits = []
    for name in names:
        for member in range(network.n_members):
            start = first
            if own and name != "pretrain":  # variants start from the pre-training of the study
                start = f"{model_folder(recipe=recipe)}/pretrain/member-{member}"
            fits.append(Fit(name, member, variant, recipe, None if nothing else start))
    return fits
