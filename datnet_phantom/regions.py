"""Where the tracer binds: regions of the atlas, and the transporters that the numbers give there.

One more region is a row here, its numbers in `data_manifest/phantom.yaml`, and labels of its name
on both sides in the atlas.
"""

STRIATUM = ("putamen_anterior", "putamen_posterior", "caudate", "accumbens")  # lost asymmetrically
PARTS = {region: (region,) for region in STRIATUM} | {
    "midbrain": ("midbrain_dat", "midbrain_sert"),  # dopamine and serotonin transporters
}
BINDING = tuple(PARTS)
SIDES = ("left", "right")
BINDING_COLUMNS = tuple(f"{region}_{side}" for region in BINDING for side in SIDES)
