"""From PET images and an atlas to arrays, binding ratios and radiomic features."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "atlas": [
            "Atlas",  # a label image and the names of its labels
            "coarser_atlas",  # the same in larger voxels
            "read_atlas",  # from a file and the table beside it
            "region_fractions",  # share of each voxel of a grid in a region
            "region_mask",  # voxels of a region on the atlas' own grid
            "region_mask_on",  # voxels of a grid that lie in a region for the most part
            "region_parts",  # what a mask is made of
            "region_table",  # size and place of each label
        ],
        "grid": [
            "box_centre",  # of the part that the network sees
            "centre_cone",  # a map that knows nothing but that centre
            "field_of_view",  # the part that the network sees
            "in_full_grid",  # maps of that part in their place
            "study_grid",  # affine and shape
        ],
        "volumes": [
            "cache_volumes",  # all scans in one array on disk
            "load_volume",  # one scan as uptake ratios on the study grid
            "read_scan",  # refuses what cannot be analysed
            "to_grid",  # resample an image
            "uptake_ratio",  # counts over their mean in the reference region
        ],
        "rows": [
            "Rows",  # some scans of an array, without a copy
            "mean_volume",  # of scans, one after the other
        ],
        "target": [
            "read_target",  # what scans in MNI space are sums of
            "adapted_target",  # with the levels of one scan
        ],
        "normalise": [
            "normalisation",  # where MNI space lies in a scan, without MRI
        ],
        "transforms": [
            "read_transform",  # one that was stored, or made by hand
            "to_mni",  # a scan in MNI space, interpolated once
            "write_transform",  # as ITK has it
        ],
        "quality": [
            "read_gauge",  # what all scans are measured with
            "quality_score",  # the worst measure in units of its limits
            "scan_quality",  # is a scan where it should be?
            "verdict",  # pass, look or fail
        ],
        "binding": [
            "binding_ratio",  # of mean counts
            "lower_side_left",  # scans turned before they are averaged
            "own_region_means",  # a region of its own for every scan
            "region_means",  # one region for all scans
            "sides",  # names of both sides of regions
            "regional_binding",  # ratios of putamen and caudate
        ],
        "radiomics": [
            "extract_features",  # of one region of one volume
            "feature_table",  # of many
            "why_no_features",  # regions that cannot have any
        ],
        "features": [
            "effective_features",  # how many of many are independent
            "intraclass_correlation",  # how far repeats agree
            "shift_agreement",  # between a mask and its neighbours
            "varying_features",  # those that can differ at all
        ],
    },
)
