"""A digital phantom of DAT PET: writes a data set, and knows its truth."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cohort": [
            "Cohort",  # size, seed and labels of what is to be made
            "Site",  # who is imaged at one of several sites
        ],
        "numbers": [
            "numbers_hash",  # what they are, in twelve digits
            "read_calibration",  # the generator's numbers
            "read_history",  # how they came to be what they are
            "read_published",  # regional values of published studies
            "read_sources",  # every number beside its source
        ],
        "regions": [
            "BINDING_COLUMNS",  # regions where the tracer binds, left and right
        ],
        "density": [
            "conditional_binding",  # distribution of binding at one severity
            "mixture",  # the same without knowing severity, worse side and age
        ],
        "people": [
            "CLINICAL_SCORES",  # columns of the clinic that follow severity
            "draw_participants",  # diagnosis, label, clinic and binding of every scan
        ],
        "scanner": [
            "read_scene",  # what all scans of a cohort share
            "render",  # one scan in counts
        ],
        "native": [
            "read_head",  # what scans in native space share
            "random_pose",  # how a head lies in the camera
            "render_native",  # one scan as a camera exports it
            "true_positions",  # where the anatomy lies in it
        ],
        "dataset": [
            "write_cohort",  # the whole data set with its truth
        ],
        "unwritten": [
            "unwritten_scans",  # many people, straight into an array
            "yardstick_people",  # of the generator, in no cohort
        ],
        "randomised": [
            "random_hospital",  # anatomy, camera, tracer and patterns, all drawn
            "simulated_scans",  # people of many such hospitals
        ],
        "truth": [
            "effect_maps",  # where two diagnoses truly differ
            "effect_path",  # the file of such a map
            "largest_effect",  # of one diagnosis against any other
        ],
        "measure": [
            "image_means",  # binding ratios of the regions of images
            "measurement",  # the linear function of the whole chain, with its error
            "response",  # the linear function of a scanner without noise
        ],
        "oracle": [
            "posterior",  # the best possible classifier
        ],
        "published": [
            "beside_published",  # published values beside the phantom's
            "pattern",  # what a reader can tell diagnoses apart by
        ],
        "spectrum": [
            "power_kept",  # share of an image that a coarser grid can hold
            "power_spectrum",  # how fine the detail of an image is
        ],
    },
)
