"""The look of every figure: theme, colours of the diagnoses."""

import matplotlib.pyplot as plt
import seaborn as sns

PALETTE = dict(zip(("IPD", "MSA", "PSP", "NC"), sns.color_palette("colorblind"), strict=False))
sns.set_theme("notebook", "ticks", rc={"figure.dpi": 110, "figure.constrained_layout.use": True})


def finished(fig):
    """Close the figure for pyplot, so that a page shows it once, as the value of its cell."""
    plt.close(fig)
    return fig


def colours(names):
    """Colour of each diagnosis; names beyond the paper's four get the next colours."""
    spare = sns.color_palette("colorblind", 10)[len(PALETTE) :]
    others = [name for name in names if name not in PALETTE]
    return PALETTE | dict(zip(others, spare, strict=False))
