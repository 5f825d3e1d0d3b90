"""Some scans of an array that is larger than memory should have to hold."""

import numpy as np


class Rows:
    """Some scans of an array, each read when it is asked for.

    Indexing an array with a list of scans copies them all; a study of thousands of scans should
    not have to hold them at once.

    Parameters
    ----------
    volumes : ndarray of shape (n_scans, X, Y, Z)
        Usually a memory map.
    rows : int ndarray of shape (n,)
        The scans, in their order.

    Attributes
    ----------
    shape : tuple of int
        (n, X, Y, Z).

    Examples
    --------
    >>> some = Rows(np.arange(12).reshape(3, 1, 2, 2), [2, 0])
    >>> some.shape, [int(volume.max()) for volume in some]
    ((2, 1, 2, 2), [11, 3])
    >>> some[1:]  # copied
    array([[[[0, 1],
             [2, 3]]]])
    """

    def __init__(self, volumes, rows):
        self._volumes, self._rows = volumes, np.asarray(rows, int)
        self.shape = (len(self._rows), *volumes.shape[1:])

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, which):
        return self._volumes[self._rows[which]]


def mean_volume(volumes):
    """Mean of scans, one read after the other.

    Parameters
    ----------
    volumes : iterable of ndarray of shape (X, Y, Z)
        At least one.

    Returns
    -------
    ndarray of float64, shape (X, Y, Z)

    Examples
    --------
    >>> mean_volume(np.array([[[[1.0, 2.0]]], [[[2.0, 4.0]]]]))
    array([[[1.5, 3. ]]])
    """
    total, n = 0.0, 0
    for volume in volumes:
        total, n = total + np.asarray(volume, float), n + 1
    return total / n
