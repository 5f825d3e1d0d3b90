"""What a result was made with."""

import json
import os
import platform

import lightning_fabric
import nibabel
import nilearn
import numpy
import pytest
import scipy
import sklearn
import torch
from packaging.version import Version

from datnet_core.training.provenance import PACKAGES, environment

MODULES = {
    "torch": torch,
    "lightning-fabric": lightning_fabric,
    "numpy": numpy,
    "scipy": scipy,
    "scikit-learn": sklearn,
    "nilearn": nilearn,
    "nibabel": nibabel,
}


@pytest.mark.parametrize("name", PACKAGES)
def test_versions_are_those_of_the_modules_that_run(name):
    # torch calls itself 2.13.0+cpu where its wheel is 2.13.0, so the public part is compared.
    said, runs = Version(environment()[name]), Version(MODULES[name].__version__)
    assert said.public == runs.public


def test_the_machine_is_this_one(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 10**6}.get)
    machine = environment()
    assert machine["python"] == platform.python_version()
    assert (machine["threads"], machine["cores"], machine["memory_gb"]) == (7, 12, 4.1)
    json.dumps(machine)
