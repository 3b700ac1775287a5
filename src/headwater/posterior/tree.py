"""Draws with names, in the layout of ArviZ: groups of variables over chain, draw and named dimensions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from headwater.posterior.records import Chains

if TYPE_CHECKING:
    import xarray

Group = Literal[
    "posterior",
    "sample_stats",
    "posterior_predictive",
    "log_likelihood",
    "prior",
    "prior_predictive",
    "observed_data",
    "constant_data",
]
Variable = tuple[tuple[str, ...], NDArray[Any]]


@dataclass(frozen=True)
class Tree:
    """Everything that a fit hands on, without a library behind it.

    Attributes
    ----------
    groups : group → variable → (dimensions, values). Names of variables and dimensions hold no "/"
        (``plain_name``)
    labels : dimension → names of its positions; dimensions without are numbered, chain and draw always
    attributes : of the whole; numbers and texts stay, all else becomes JSON text
    """

    groups: Mapping[Group, Mapping[str, Variable]]
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    attributes: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for group, variables in self.groups.items():
            self.coordinates(group)
            for name, (dims, _) in variables.items():
                if "/" in name or not name or name in dims:
                    raise ValueError(f"{name!r} cannot be the name of a variable over {dims} in {group}")

    def coordinates(self, group: Group) -> dict[str, NDArray[Any]]:
        """Labels or numbers of every dimension of a group; ValueError where lengths disagree."""
        found: dict[str, NDArray[Any]] = {}
        for name, (dims, values) in self.groups[group].items():
            if len(dims) != np.ndim(values):
                raise ValueError(f"{name} of {group} has {np.ndim(values)} dimensions, names of {len(dims)}")
            for dim, length in zip(dims, np.shape(values), strict=True):
                if dim not in found:
                    found[dim] = (
                        np.array(self.labels[dim], object) if dim in self.labels else np.arange(length)
                    )
                if len(found[dim]) != length:
                    raise ValueError(f"{name} of {group}: {length} along {dim}, wanted {len(found[dim])}")
        return found

    def plain_attributes(self) -> dict[str, str | int | float]:
        """Attributes as numbers and text."""
        return {
            key: value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
            for key, value in self.attributes.items()
        }


def plain_name(text: str) -> str:
    """A text of the user as name of a variable or dimension: "/" would open a group."""
    return text.strip().replace("/", "_") or "_"


def sample_stats(chains: Chains, *, deepest: int) -> dict[str, Variable]:
    """Statistics of the sampler under the names that ArviZ expects."""
    over = ("chain", "draw")
    return {
        "lp": (over, chains.log_density),
        "energy": (over, chains.energy),
        "acceptance_rate": (over, chains.accept),
        "step_size": (over, chains.step_size),
        "n_steps": (over, chains.gradients),
        "tree_depth": (over, chains.depth),
        "reached_max_treedepth": (over, chains.depth >= deepest),
        "diverging": (over, chains.diverged),
    }


def to_datatree(tree: Tree) -> xarray.DataTree:
    """The same as ``xarray.DataTree``, on which the functions of ArviZ work."""
    import xarray

    groups: dict[str, Any] = {
        group: xarray.Dataset(variables, coords={k: ((k,), v) for k, v in tree.coordinates(group).items()})
        for group, variables in tree.groups.items()
    }
    whole = xarray.DataTree.from_dict(groups)
    whole.attrs.update(tree.plain_attributes())
    return whole
