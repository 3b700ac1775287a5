"""Everything that the report of drivers is made of, and what is counted from it once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr

    from headwater.drivers.sign_table import SignRecord
    from headwater.grids import Strata

Array = NDArray[np.float64]
MOST_LIMIT, LEAST_LIMIT = 1.0, 0.3
SAMPLE = 200_000
"""Values of a map that are looked at to find the limits of the colours."""


@dataclass(frozen=True)
class SettingShown:
    """A setting as the report shows it: name, value, and where the value came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True)
class FileRead:
    """A variable that was read: its name here, file and name there, size and hash, what was changed.

    ``sha256`` is empty for files that are too large to be read for it.
    """

    variable: str
    file: str
    name_in_file: str
    sha256: str
    changes: str
    span: str
    bytes: int = 0


@dataclass(frozen=True)
class Material:
    """Results of one run of ``headwater drivers``.

    Attributes
    ----------
    correlation : ``r, n, n_eff, p, p_adjusted, significant`` with the dims soil, driver, then month and
        latitude, longitude (maps) or time (series); month 0 is all months together
    means : of ``strata_means``; None without strata or for patterns
    signs : of ``sign_table``
    strata : names and codes on the pixels of the maps; None for the whole region
    trend : of ``trend`` with the dims variable, month, latitude, longitude
    lags : of ``lag_scan`` with the dims soil, driver, month …
    truth : (variable, month, stratum) → mean of the known correlation of simulated fields
    """

    correlation: xr.Dataset
    signs: Sequence[SignRecord]
    means: xr.Dataset | None = None
    strata: Strata | None = None
    trend: xr.Dataset | None = None
    lags: xr.Dataset | None = None
    settings: Sequence[SettingShown] = ()
    files: Sequence[FileRead] = ()
    notes: Sequence[str] = ()
    run: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    title: str = ""
    truth: Mapping[tuple[str, int, str], float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def simulated(self) -> bool:
        """The truth is known, because everything was simulated."""
        return bool(self.truth)

    @property
    def mode(self) -> str:
        """``temporal``, ``pattern`` or ``moving``."""
        return str(self.correlation.attrs.get("mode", "temporal"))

    @property
    def is_map(self) -> bool:
        """A correlation in every pixel."""
        return "latitude" in self.correlation["r"].dims and "time" not in self.correlation["r"].dims

    @property
    def soils(self) -> tuple[str, ...]:
        """Names of soil moisture variables."""
        return tuple(map(str, self.correlation["soil"].to_numpy()))

    @property
    def drivers(self) -> tuple[str, ...]:
        """Names of the drivers."""
        return tuple(map(str, self.correlation["driver"].to_numpy()))

    @property
    def months(self) -> tuple[int, ...]:
        """Months, 1–12; 0 stands for all together."""
        return (
            tuple(map(int, self.correlation["month"].to_numpy()))
            if "month" in self.correlation.dims
            else (0,)
        )

    @property
    def stratum_names(self) -> tuple[str, ...]:
        """Names of the strata; empty without strata."""
        return () if self.strata is None else tuple(self.strata.names)

    def map_of(self, soil: str, driver: str, month: int, layer: str = "r") -> Array:
        """One layer of one map, shape (latitude, longitude)."""
        chosen = self.correlation[layer].sel(soil=soil, driver=driver, month=month)
        return np.asarray(chosen.transpose("latitude", "longitude").to_numpy(), dtype=np.float64)

    @cached_property
    def codes(self) -> NDArray[np.int16] | None:
        """Number of the stratum of every pixel, −1 outside."""
        return (
            None if self.strata is None else self.strata.codes.transpose("latitude", "longitude").to_numpy()
        )

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Pixels with a correlation in some map, shape (latitude, longitude)."""
        found = np.zeros((self.correlation.sizes["latitude"], self.correlation.sizes["longitude"]), bool)
        for part in self._parts():
            found |= np.isfinite(part["r"]).reshape(found.shape)
        return found

    @cached_property
    def limit(self) -> float:
        """Symmetric limit of the colours of r, the same in every figure."""
        r = np.abs(np.concatenate([part["r"][:: max(1, part["r"].size // SAMPLE)] for part in self._parts()]))
        r = r[np.isfinite(r)]
        if not r.size:
            return MOST_LIMIT
        return float(np.clip(np.ceil(10 * np.quantile(r, 0.99)) / 10, LEAST_LIMIT, MOST_LIMIT))

    @cached_property
    def counts(self) -> Mapping[str, float]:
        """Correlations that could be computed, those that are significant, medians of n and n_eff."""
        found = {"asked": 0, "correlations": 0, "significant": 0, "before": 0}
        seen: dict[str, list[Array]] = {"n": [], "n_eff": []}
        for part in self._parts():
            valid = np.isfinite(part["r"])
            found["asked"] += valid.size
            found["correlations"] += int(valid.sum())
            found["significant"] += int((valid & (part["significant"] > 0.5)).sum())
            found["before"] += int((valid & (part["p"] <= self.alpha)).sum())
            for name, values in seen.items():
                values.append(part[name][valid][:: max(1, valid.size // SAMPLE)])
        total = max(found["correlations"], 1)
        middle = {name: float(np.median(np.concatenate(values))) if found["correlations"] else np.nan
                  for name, values in seen.items()}  # fmt: skip
        return found | {"share": found["significant"] / total, "before": found["before"] / total} | middle

    @property
    def alpha(self) -> float:
        """Level of the tests."""
        return float(self.correlation.attrs.get("alpha", 0.05))

    def _parts(self) -> Iterator[dict[str, Array]]:
        """Layers of one map after the other, flat; all at once where there are no maps."""
        layers = self.correlation[["r", "n", "n_eff", "p", "significant"]]
        leading = [name for name in layers["r"].dims if name not in ("latitude", "longitude")]
        for place in np.ndindex(*(layers.sizes[name] for name in leading if self.is_map)):
            part = layers.isel(dict(zip(leading, place, strict=False)))
            yield {str(name): np.asarray(one.to_numpy(), np.float64).ravel() for name, one in part.items()}
