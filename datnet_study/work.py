"""The work of training a network beside that of the default one."""

from math import prod

from datnet_core.settings import NetworkSettings, TrainingSettings

USUAL_MM = 4.0  # grid of the default study
HEAD_MM = (180, 216, 180)  # what the grid of the scans covers


def work_of(grid_mm, network, training):
    """Work of training a network as a multiple of the default one, by its multiplications.

    Those of a convolution grow with the voxels and with the square of the filters; those of the
    training with its scans.

    Parameters
    ----------
    grid_mm : float
        Voxel size, mm.
    network : NetworkSettings
    training : TrainingSettings

    Returns
    -------
    float

    Examples
    --------
    >>> work_of(4.0, NetworkSettings(n_filters=16), TrainingSettings(max_steps=2200))
    8.0
    """
    usual, steps = TrainingSettings(), training.max_steps or TrainingSettings().max_steps
    shown = steps * training.batch_size / (usual.max_steps * usual.batch_size)
    voxels = _voxels(network, grid_mm) / _voxels(NetworkSettings(), USUAL_MM)
    return shown * voxels * (network.n_filters / NetworkSettings().n_filters) ** 2


def _voxels(network, grid_mm):
    """Voxels that a network looks at, about."""
    if network.resized_to:
        return prod(network.resized_to)
    extents = [high - low for low, high in network.field_mm] if network.field_mm else HEAD_MM
    return prod(extent / grid_mm for extent in extents)
