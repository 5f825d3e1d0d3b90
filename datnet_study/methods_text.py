"""The methods of a study in sentences that its settings decide, to be copied into an article.

Items 10 to 16 of TRIPOD+AI and items 19 to 28 of CLEAR ask for what stands here. `book/methods.md`
explains and cites; this text says which of the choices were taken.
"""

from datnet_study.salient_regions import whose_map

INPUTS = {
    "counts": "Counts were divided by their mean in the {reference} reference region",
    "ratio": "The images held uptake ratios to the {reference} reference region",
    "bp": "The images held binding potentials with the {reference} as reference region; 1 was "
    "added to get uptake ratios",
}
PRETRAINED = {
    "cohort": "on the participants with a possible diagnosis, where there were any",
    "simulated": "on simulated scans (weights that come with the software)",
    "both": "on simulated scans (weights that come with the software), then on the participants "
    "with a possible diagnosis",
}
RULES = {
    "rescaled": "voxels of at least {t:g} of a map that was rescaled to 0 to 1 inside the brain",
    "of_maximum": "voxels of at least {t:g} of the largest value of a map",
    "highest_voxels": "the share {t:g} of the voxels of the brain that are highest in a map",
    "mass": "the highest voxels that hold the share {t:g} of the sum of a map",
}
DECIDED = {
    "argmax": "the most probable diagnosis counted",
    "youden": "a scan counted as positive above the Youden cutoff of a diagnosis",
}


def methods_text(choices):
    """The methods of a study, a paragraph each for data, network, training, maps and statistics.

    Parameters
    ----------
    choices : dict
        The study's own `diagnoses`, `control`, `split`, and the sections `images`, `network`,
        `training`, `decisions`, `saliency`, `radiomics` and `fusion`, by these names; `phantom`
        says whether the scans are a digital phantom.

    Returns
    -------
    list of str
        Paragraphs of plain text.
    """
    return [
        _data(choices),
        _images(choices["images"]),
        _network(choices["network"]),
        _training(choices["training"]),
        _judged(choices),
        _regions(choices["saliency"], choices["radiomics"], choices["images"]),
        _other(choices["fusion"]),
    ]


def _data(choices):
    """Whom the study is about, and how they were divided."""
    names, control = choices["diagnoses"], choices["control"]
    who = "scans of a digital phantom, not of people" if choices["phantom"] else "scans of people"
    controls = f"{control} are the controls" if control in names else "there were no controls"
    divided = "by the certainty of their diagnosis"
    if choices["split"] is not None:
        divided = (
            f"by drawing {choices['split']:.0%} of the participants of each diagnosis for the "
            "blind test"
        )
    return (
        f"This study develops a diagnostic classifier of {', '.join(names)} ({controls}) and tests "
        f"it, on {who}. Participants were divided into cohorts {divided}; no participant "
        "was in two of them. The numbers of participants are those of the table of scans; the "
        "software calculated no sample size. Scans that failed the check of their quality were "
        "left out. A missing clinical value was left missing for gradient-boosted trees, and was "
        "the median of the training scans for regressions; nothing else was imputed."
    )


def _images(images):
    """From the image to the grid of the study."""
    came = f"in MNI space, with a filter of {images.filter_fwhm_mm:g} mm FWHM behind them"
    if images.space == "native":
        moved = "moved" if images.fit_striatum else "did not move"
        smoothed = f"smoothed with a filter of {images.filter_fwhm_mm:g} mm FWHM"
        if images.filter_fwhm_mm == 0:
            smoothed = "not smoothed"
        came = (
            "in native space. They were normalised to MNI space without MRI, to a target that does "
            f"not use the diagnosis; striatum and midbrain {moved} the map. They were {smoothed}"
        )
    hands = " Some transforms were made by hand." if images.transforms is not None else ""
    seen = " A person could overrule the quality check." if images.verdicts is not None else ""
    ratio = INPUTS[images.input].format(reference=images.reference_region)
    finished = [f"{mm:g} mm at {site}" for site, mm in images.site_fwhm_mm.items()]
    by_site = f" The finished scans had {', '.join(finished)}." if finished else ""
    return (
        f"Scans came {came}.{hands} Their scanner was taken to have a resolution of "
        f"{images.scan_fwhm_mm:g} mm FWHM.{by_site}{seen} {ratio}, and the uptake ratio was "
        f"sampled linearly on a grid of {images.grid_mm:g} mm. Binding ratios were measured in "
        f"{', '.join(images.regions)}."
    )


def _network(network):
    """What the network sees, and its layout."""
    box = "the whole image"
    if network.field_mm is not None:
        sides = (f"{low:g} to {high:g} mm" for low, high in network.field_mm)
        box = "a box of " + ", ".join(f"{a} {s}" for a, s in zip("xyz", sides, strict=True))
    changed = " Each volume was turned into a z-score first." if network.standardised else ""
    if network.resized_to is not None:
        changed += f" It was resized to {' × '.join(map(str, network.resized_to))} voxels."
    judged = "the scan and its mirror image" if network.both_sides else "the scan alone"
    common = {
        "cohort": "as common as among the scans learned from",
        "uniform": "equally common",
    }
    return (
        f"The classifier is a 3D residual network that sees {box}.{changed} It has "
        f"{network.n_levels} stacks, the first with {network.n_filters} filters, "
        f"{network.normalisation} normalisation, and a channel dropout of {network.dropout:g}. A "
        f"model is the mean logit of {network.n_members} network(s) for {judged}. Diagnoses are "
        f"taken to be {common[network.class_prior]}."
    )


def _training(training):
    """How the networks learned."""
    first = "The networks were not pre-trained"
    if training.pretrain_on != "none":
        first = f"The networks were pre-trained {PRETRAINED[training.pretrain_on]}"
    drawn = "every class equally often" if training.balanced_classes else "classes as they occur"
    changes = ["mirrored left to right at random"] if training.flips else []
    if training.shift_voxels:
        changes.append(f"moved by up to {training.shift_voxels} voxels")
    if training.contrast_sd:
        changes.append(f"changed in contrast by a factor exp({training.contrast_sd:g} N(0, 1))")
    if training.noise_sd:
        changes.append(f"given noise of SD {training.noise_sd:g}")
    limits = [f"{training.max_steps} batches"] if training.max_steps else []
    limits += [f"{training.max_epochs} epochs"] if training.max_epochs else []
    stops = {
        "none": "no scan stopped it",
        "inner": f"it stopped when the loss in {training.inner_fraction:.0%} of the participants, "
        f"set apart within those learned from, had not fallen for {training.patience} epochs",
        "test_fold": "it stopped when the loss in the scans that are judged had not fallen for "
        f"{training.patience} epochs, which makes the results optimistic",
    }
    halved = "stayed the same"
    if training.halve_after:
        halved = f"was halved after {training.halve_after} epochs without a lower loss"
    kept = "the last weights were kept"
    if training.averaging:
        kept = f"a running mean of the weights was kept, of which a step keeps {training.averaging}"
    augmented = f"Scans were {', '.join(changes)}" if changes else "Scans were not augmented"
    return (
        f"{first}. They learned by Adam from the cross-entropy, with a learning rate of "
        f"{training.learning_rate:g} that {halved}, in batches of {training.batch_size} with "
        f"{drawn}, an L2 penalty of {training.head_l2:g} on the last layer, and seed "
        f"{training.seed}. {augmented}. Training lasted at most {' or '.join(limits)}; "
        f"{stops[training.early_stopping_on]}; {kept}. It ran on {training.devices} device(s) "
        f"({training.accelerator}, {training.precision})."
    )


def _judged(choices):
    """Cross-validation, blind test and statistics."""
    decisions, n_folds = choices["decisions"], choices["training"].n_folds
    by = {
        "ensemble": f"the mean probability of the {n_folds} models of the folds",
        "refit": "a model that learned from the whole training cohort",
    }[decisions.blind_test_model]
    source = "Whether this is an external test depends on where its scans come from."
    if choices["phantom"]:
        source = "It comes from the same generator, so it is an internal test."
    return (
        f"The training cohort was judged in a {n_folds}-fold cross-validation, stratified by "
        f"diagnosis and dealt out by participant; there, {DECIDED[decisions.cross_validation]}. "
        f"The blind test was judged once, by {by}; there, {DECIDED[decisions.blind_test]}. "
        f"{source} AUCs have DeLong's 95% intervals, "
        "shares Wilson's; paired decisions were compared by the exact McNemar test, groups by the "
        "two-sided Mann-Whitney test, with and without correction after Benjamini and Hochberg."
    )


def _regions(saliency, radiomics, images):
    """Maps, the region that they give, and what is measured in it."""
    rule = RULES[saliency.region_rule].format(t=saliency.region_threshold)
    form = "as published" if saliency.postprocess == "published" else "so that the terms add up"
    return (
        f"Maps are full gradients, put together {form}. The salient region is {rule}; it is that "
        f"of {whose_map(saliency.region_source)}. Maps were summed up over "
        f"{', '.join(saliency.regions)}. Radiomic features were computed in 3D by PyRadiomics "
        "3.0.1 from the uptake ratios without a further filter, on the grid of "
        f"{images.grid_mm:g} mm, with grey levels in bins of {radiomics.bin_width:g}; all other "
        "parameters are its defaults."
    )


def _other(fusion):
    """Clinical data."""
    return (
        "Probabilities and clinical data were fused by XGBoost with "
        f"{fusion.n_estimators} trees of depth {fusion.max_depth} and a learning rate of "
        f"{fusion.learning_rate:g}."
    )
