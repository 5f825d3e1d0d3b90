"""What a result was made with."""

import json
import platform

import torch

from datnet_core.training.provenance import PACKAGES, environment


def test_versions_and_hardware_are_those_of_this_process():
    found = environment()
    assert found["python"] == platform.python_version()
    assert found["torch"] == torch.__version__.split("+")[0] or found["torch"] == torch.__version__
    assert set(PACKAGES) <= set(found)
    assert found["threads"] == torch.get_num_threads()
    assert found["cores"] >= 1 and found["memory_gb"] > 0.1
    json.dumps(found)
