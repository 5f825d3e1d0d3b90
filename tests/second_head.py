"""The head of the second archives: places of known activity, and their ratios in an image."""

import numpy as np

# Places in a head (mm, x to the right, y to the front, z up) and what they hold, in units of the
# occipital cortex. No two are mirror images, so each flip of an axis changes a ratio.
PLACES = {
    "left putamen": ((-28, 4, 0), 3.0),
    "right putamen": ((28, 4, 0), 2.0),
    "left caudate": ((-12, 30, 16), 2.5),
    "vertex": ((0, -8, 48), 1.6),
    "occipital": ((0, -64, 0), 1.0),
}
RADIUS_MM = 15
SHAPE = (20, 22, 12)  # columns, rows, slices: all different
ZOOM = (8.5, 8.0, 11.0)  # between columns, rows and slices, mm


def head(points):
    """Activity at points of shape (..., 3) in mm (right, front, up)."""
    x, y, z = np.moveaxis(points, -1, 0)
    activity = 1.0 * ((x / 70) ** 2 + (y / 84) ** 2 + (z / 62) ** 2 < 1)
    for middle, value in PLACES.values():
        activity[((points - np.array(middle)) ** 2).sum(-1) < RADIUS_MM**2] = value
    return activity


def ratios(data, affine):
    """Means around each place over the occipital one, from an image and its affine (RAS, mm)."""
    voxels = np.stack(np.meshgrid(*map(np.arange, data.shape), indexing="ij"), -1)
    points = voxels @ affine[:3, :3].T + affine[:3, 3]
    means = {
        name: data[((points - np.array(middle)) ** 2).sum(-1) < (RADIUS_MM - 1) ** 2].mean()
        for name, (middle, _) in PLACES.items()
    }
    return {name: float(mean / means["occipital"]) for name, mean in means.items()}


def plane(orientation, position, shape=SHAPE, zoom=ZOOM):
    """Activity in the plane of one image: rows x columns.

    PS3.3 C.7.6.2.1.1: a pixel lies at position + column index * column spacing * first three
    cosines + row index * row spacing * last three; x to the left, y to the back, z up (LPS).
    """
    column, row = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]))
    along, down = np.array(orientation[:3]), np.array(orientation[3:])
    points = position + (column[..., None] * zoom[0] * along + row[..., None] * zoom[1] * down)
    return head(points * np.array([-1, -1, 1]))


def planes(orientation=(1, 0, 0, 0, 1, 0), step=None, shape=SHAPE, zoom=ZOOM):
    """Positions and activities of a stack through the middle of the head."""
    along, down = np.array(orientation[:3], float), np.array(orientation[3:], float)
    step = np.cross(along, down) * zoom[2] if step is None else np.asarray(step, float)
    extent = (
        (shape[0] - 1) * zoom[0] * along + (shape[1] - 1) * zoom[1] * down + (shape[2] - 1) * step
    )
    for k in range(shape[2]):
        position = -extent / 2 + k * step
        yield position, plane(orientation, position, shape, zoom)
