"""Which lag correlates best, with a p value that knows how many lags were tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from headwater.drivers.check_pair import as_variables, check_aligned
from headwater.drivers.read_blocks import read_blocks
from headwater.drivers.steps import StepPairs, month_of, pair_steps
from headwater.errors import InputRefused, SettingsRefused
from headwater.machine_code import cores, load
from headwater.stats import false_discoveries, random_phases
from headwater.stats.adjust import FdrRule

if TYPE_CHECKING:
    import xarray as xr

KERNELS = ("headwater.drivers.kernel_lags", "headwater.drivers.kernel_series")
BYTES_AT_A_TIME = 2**25
"""Size of the surrogates that a thread keeps at a time."""

Found = dict[str, NDArray[Any]]
MEANING = {
    "r": "correlation at each lag",
    "n": "number of valid pairs at each lag",
    "best_lag": "lag of the largest correlation by size, in steps; b comes first where it is above 0",
    "best_r": "correlation at the best lag",
    "p": "p value of the best lag among all lags, from surrogates",
    "p_adjusted": "p value adjusted for the number of series of the map",
    "significant": "true where the adjusted p value is small enough",
}


@dataclass(frozen=True)
class _Scan:
    """What is the same for all series: steps, lags, phases, and what is taken out."""

    pairs: StepPairs
    parts: tuple[NDArray[np.int64], ...]
    lags: NDArray[np.int64]
    phases: NDArray[np.complex128]
    least: int
    deseasonalise: bool
    detrend: bool

    @property
    def steps(self) -> int:
        return int(self.pairs.at[-1]) + 1


def lag_scan(
    a: xr.DataArray | xr.Dataset,
    b: xr.DataArray | xr.Dataset,
    *,
    lags: Iterable[int] = range(-6, 7),
    by: Literal["month"] | None = None,
    surrogates: int = 199,
    seed: int = 1,
    deseasonalise: bool = False,
    detrend: bool = False,
    fdr: FdrRule = "bh",
    alpha: float = 0.05,
    least: int = 10,
) -> xr.Dataset:
    """Correlation at every lag, the best lag, and how often chance finds one as good among as many lags.

    The largest |r| over all lags is compared with that of surrogates of b, which keep its spectrum and have
    random phases (Theiler et al. 1992, Physica D 58, 77): p = (1 + number at least as large) / (1 + number).
    So neither autocorrelation nor the choice among lags makes it too small. A yearly cycle in both makes it
    large, as any cycle fits another at some lag: ``deseasonalise`` takes it out.

    Parameters
    ----------
    a, b : as for ``correlate``
    lags : in steps of the whole series; a at step t goes with b at t - lag
    by : "month": each calendar month of a for itself, b at its lags
    surrogates : the smallest possible p is 1/(1 + surrogates). Where b has gaps its spectrum comes from the
        pairs of steps that are there, and each surrogate has the same gaps
    seed : of the random phases, which are the same for all series
    deseasonalise, detrend : take the mean year, the straight line out of each series before

    Returns
    -------
    Dataset with ``r`` and ``n`` (… lag, …), ``best_lag``, ``best_r``, ``p``, ``p_adjusted``, ``significant``

    Raises
    ------
    InputRefused, SettingsRefused
        As ``correlate`` does; lags that are no whole numbers, repeat, or reach beyond the series.
    """
    wanted = _check(lags, surrogates, alpha, fdr, least, by, deseasonalise)
    soils, drivers = as_variables(a, "a"), as_variables(b, "b")
    first = next(iter(soils.values()))
    for what, grids in (("a", soils), ("b", drivers)):
        check_aligned(first, {f"{what} {name}": grid for name, grid in grids.items()}, what="a")
    soils, drivers = ({k: v.transpose(*first.dims) for k, v in grids.items()} for grids in (soils, drivers))
    time = np.asarray(first["time"].values)
    (pairs,) = pair_steps(time)
    labels, parts = _parts(pairs, time, by)
    steps = int(pairs.at[-1]) + 1
    if np.abs(wanted).max() > steps - least:
        raise InputRefused(
            f"lags from {wanted.min()} to {wanted.max()} in a series of {steps} steps: at least {least} must "
            "overlap. Use smaller lags, a longer series, or a smaller least."
        )
    phases = random_phases(surrogates, steps, rng=np.random.default_rng(seed))
    scan = _Scan(pairs, parts, wanted, phases, least, deseasonalise, detrend)
    found = _over_space(soils, drivers, scan)
    if not any(np.isfinite(part["best_r"]).any() for part in found.values()):
        raise InputRefused(
            f"no series has {least} valid pairs of steps that differ. Check fill values, masks and the time "
            "that both cover, or use a smaller least."
        )
    result = _dataset(found, labels, wanted, first, fdr, alpha)
    single = [side for side, grid in (("soil", a), ("driver", b)) if not hasattr(grid, "data_vars")]
    return result.isel(dict.fromkeys(single, 0), drop=True).assign_attrs(
        by=by or "none", surrogates=surrogates, seed=seed, fdr=fdr, alpha=alpha, least=least,
        deseasonalise=str(deseasonalise), detrend=str(detrend),
    )  # fmt: skip


def _check(
    lags: Iterable[int],
    surrogates: int,
    alpha: float,
    fdr: str,
    least: int,
    by: str | None,
    deseasonalise: bool,
) -> NDArray[np.int64]:
    wanted = np.asarray(list(lags))
    if wanted.size == 0 or wanted.dtype.kind not in "iu" or len(np.unique(wanted)) != wanted.size:
        raise SettingsRefused(
            f"lags {list(lags)!r}: needs whole numbers that do not repeat, such as range(-6, 7)."
        )
    if surrogates < 19:
        raise SettingsRefused(
            f"surrogates {surrogates}: needs 19 or more (p is at least 1/20 then); 199 is usual."
        )
    if by not in (None, "month"):
        raise SettingsRefused(f"by {by!r}: allowed are None and 'month'.")
    if by and deseasonalise:
        raise SettingsRefused(
            "deseasonalise with by month: a single month has no season. Leave one of them out."
        )
    if least < 3:
        raise SettingsRefused(f"least {least}: needs a whole number, 3 or more.")
    false_discoveries([], rule=fdr, alpha=alpha)  # type: ignore[arg-type]
    return wanted.astype(np.int64)


def _parts(
    pairs: StepPairs, time: NDArray[np.datetime64], by: str | None
) -> tuple[list[int | None], tuple[NDArray[np.int64], ...]]:
    """Labels, and the positions of the steps of a that belong to each."""
    if by is None:
        return [None], (pairs.at,)
    months = month_of(time)
    labels: list[int | None] = [int(month) for month in np.unique(months)]
    return labels, tuple(pairs.at[months == label] for label in labels)


def _over_space(
    soils: dict[str, xr.DataArray], drivers: dict[str, xr.DataArray], scan: _Scan
) -> dict[tuple[str, str], Found]:
    """What was found for each pair of variables, shape (labels, [lags,] pixels)."""
    blocks: dict[tuple[str, str], list[Found]] = {(x, y): [] for x in soils for y in drivers}
    grids = {**{("a", k): v for k, v in soils.items()}, **{("b", k): v for k, v in drivers.items()}}
    for block in read_blocks(grids):
        for x, y in blocks:
            blocks[x, y].append(scan_blocks(block["a", x], block["b", y], scan))
    return {key: {name: np.concatenate([f[name] for f in found], axis=-1) for name in found[0]}
            for key, found in blocks.items()}  # fmt: skip


def scan_blocks(a: NDArray[np.floating], b: NDArray[np.floating], scan: _Scan) -> Found:
    """``r``, ``n`` (labels, lags, pixels) and ``best_lag``, ``best_r``, ``p`` (labels, pixels) of two blocks.

    Every column is worked on alone, so that cutting space changes no bit.
    """
    load(KERNELS)
    pixels, labels, lags = a.shape[1], len(scan.parts), len(scan.lags)
    found: Found = {
        "r": np.empty((labels, lags, pixels)),
        "n": np.empty((labels, lags, pixels), np.int32),
        "best_lag": np.empty((labels, pixels)),
        "best_r": np.empty((labels, pixels)),
        "p": np.empty((labels, pixels)),
    }
    at_a_time = max(1, BYTES_AT_A_TIME // (16 * scan.steps * len(scan.phases)))

    def work(start: int) -> None:
        cut = slice(start, min(start + at_a_time, pixels))
        _scan_few(a[:, cut], b[:, cut], scan, {name: values[..., cut] for name, values in found.items()})

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(work, range(0, pixels, at_a_time)))
    return found


def _scan_few(a: NDArray[np.floating], b: NDArray[np.floating], scan: _Scan, out: Found) -> None:
    from scipy.fft import irfft

    lag_kernel, series_kernel = load(KERNELS)
    sheets = []
    for block in (a, b):
        sheet = np.full((block.shape[1], scan.steps), np.nan)
        sheet[:, scan.pairs.at] = block.T
        valid = np.isfinite(sheet)
        sheet[~valid] = 0.0
        _take_out(series_kernel, sheet, valid, scan)
        sheets += [sheet, valid]
    x, valid_x, y, valid_y = sheets
    surrogates = irfft(_spectrum(y, valid_y)[:, :, None] * scan.phases.T, scan.steps, axis=1)
    series, lags = len(x), len(scan.lags)
    for k, at in enumerate(scan.parts):
        r, n = np.empty((series, lags)), np.empty((series, lags), np.int32)
        largest = np.empty((series, len(scan.phases)))
        lag_kernel.scan(x, valid_x, y, valid_y, surrogates, at, scan.lags, scan.least, r, n, largest)
        out["r"][k], out["n"][k] = r.T, n.T
        size = np.where(np.isnan(r), -1.0, np.abs(r))
        best = size.argmax(axis=1)
        there = size.max(axis=1) >= 0
        chance = (largest >= size.max(axis=1)[:, None] * (1 - 1e-12)).sum(axis=1)
        out["best_lag"][k] = np.where(there, scan.lags[best], np.nan)
        out["best_r"][k] = r[np.arange(series), best]
        out["p"][k] = np.where(there, (1 + chance) / (1 + len(scan.phases)), np.nan)


def _spectrum(y: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.complex128]:
    """Fourier transform of series without mean (series, steps), 0 where not valid.

    Where steps are missing: square roots of the transform of the autocovariances over the pairs that are
    there, which without gaps would be the same amplitudes; negative estimates count as 0.
    """
    from scipy.fft import irfft, rfft

    spectrum = np.asarray(rfft(y, axis=1))
    gaps = ~valid.all(axis=1)
    if gaps.any():
        covariance = irfft(np.abs(spectrum[gaps]) ** 2, y.shape[1], axis=1)
        pairs = irfft(np.abs(rfft(valid[gaps].astype(float), axis=1)) ** 2, y.shape[1], axis=1)
        power = rfft(covariance / np.maximum(np.rint(pairs), 1.0), axis=1).real
        spectrum[gaps] = np.sqrt(np.maximum(power, 0.0))
    return spectrum


def _take_out(kernel: Any, sheet: NDArray[np.float64], valid: NDArray[np.bool_], scan: _Scan) -> None:
    """Takes the mean, the mean year and the line out of each series, as asked."""
    time, part = np.arange(float(scan.steps)), np.zeros(scan.steps, np.int64)
    parts = 1
    if scan.deseasonalise:
        _, part[scan.pairs.at] = np.unique(scan.pairs.part_of_year, return_inverse=True)
        parts = scan.pairs.parts_of_year
    values = np.ascontiguousarray(sheet.T)
    kernel.take_out(values, np.ascontiguousarray(valid.T, np.float64), part, parts, time, scan.detrend)
    sheet[:] = values.T


def _dataset(
    found: dict[tuple[str, str], Found],
    labels: Sequence[int | None],
    lags: NDArray[np.int64],
    first: xr.DataArray,
    fdr: FdrRule,
    alpha: float,
) -> xr.Dataset:
    import xarray as xr

    for part in found.values():
        rows = [false_discoveries(p, rule=fdr, alpha=alpha) for p in part["p"]]
        part["p_adjusted"], part["significant"] = (np.stack(column) for column in zip(*rows, strict=True))
    soils, drivers = (list(dict.fromkeys(key[side] for key in found)) for side in (0, 1))
    shape = tuple(str(dim) for dim in first.dims[1:])
    sizes = tuple(first.sizes[dim] for dim in shape)
    data = {}
    for name, meaning in MEANING.items():
        each = ("lag",) if name in ("r", "n") else ()
        lengths = (len(soils), len(drivers), len(labels), *((len(lags),) if each else ()), *sizes)
        told = {"long_name": meaning} if name == "significant" else {"long_name": meaning, "units": "1"}
        stacked = np.stack([part[name] for part in found.values()]).reshape(lengths)
        data[name] = (("soil", "driver", "month", *each, *shape), stacked, told)
    coords = {name: coord for name, coord in first.coords.items() if set(coord.dims) <= set(shape)}
    result = xr.Dataset(data, coords={**coords, "soil": soils, "driver": drivers, "lag": lags})
    if labels[0] is None:
        return result.isel(month=0)
    return result.assign_coords(month=list(labels))
