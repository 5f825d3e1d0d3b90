"""The examples in the docstrings of the phantom give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import datnet_phantom

MODULES = [module.name for module in pkgutil.iter_modules(datnet_phantom.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_give_what_they_say(name):
    outcome = doctest.testmod(importlib.import_module(f"datnet_phantom.{name}"))
    assert outcome.failed == 0


def test_the_face_has_every_name_it_promises():
    for name in datnet_phantom.__all__:
        assert getattr(datnet_phantom, name) is not None
