"""What classifiers are called in tables and figures: one name, and one colour, on every page."""

NETWORK = "DAT-Net"
RATIOS = "binding ratios"  # as published: both sides of putamen and caudate (A8)
UNEVEN = "binding ratios with asymmetry"  # mean and absolute difference of the sides
FINER = "binding ratios of more regions"  # with the parts of the putamen and the midbrain
AGED = "binding ratios for age"  # the second in SD of the controls of that age
TOLD = "told the regions"
ORACLE = "oracle, true binding"
MEASURED = "oracle, region means"
CEILING = "image ceiling (yardstick)"
