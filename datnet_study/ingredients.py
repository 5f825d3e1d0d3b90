"""What a network of a study is made of, and recipes that change some of it."""

from dataclasses import asdict
from typing import NamedTuple

from pydantic import PositiveFloat, TypeAdapter, ValidationError

from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_study.settings import Section
from datnet_study.settings_errors import explain


class Ingredients(NamedTuple):
    """What a network is made of: voxel size in mm, its settings, and those of its training."""

    grid_mm: float
    network: NetworkSettings
    training: TrainingSettings


class Recipe(Section):
    """Another grid, network or training, compared with the study's own on `resolution`."""

    grid_mm: PositiveFloat | None = None
    network: dict[str, object] = {}
    training: dict[str, object] = {}

    def changed(self, own, name):
        """`Ingredients` of a study with what this recipe, of a `name`, changes; one network."""
        if "n_folds" in self.training:
            raise ValueError(f"recipes.{name}.training.n_folds: the folds are those of the study")
        parts = {}
        for part, changes in {
            "network": self.network | {"n_members": 1},
            "training": self.training,
        }.items():
            whole = getattr(own, part)
            try:
                parts[part] = TypeAdapter(type(whole)).validate_python(asdict(whole) | changes)
            except ValidationError as error:
                lines = "; ".join(text for _, text in explain(error, ("recipes", name, part)))
                raise ValueError(lines) from None
        return Ingredients(self.grid_mm or own.grid_mm, **parts)
