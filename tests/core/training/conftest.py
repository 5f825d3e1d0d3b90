"""What all tests of training share: one thread, a finished model."""

import pytest
from small_fits import fit, single_thread


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """No thread beside the main one."""
    with single_thread():
        yield


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Folder of an undisturbed model; no test changes it."""
    folder = tmp_path_factory.mktemp("models") / "undisturbed" / "member-0"
    with single_thread():  # it may be made before the fixture of a module
        fit(folder)
    return folder
