"""Correlation of blocks of numbers: arrays in, arrays out. The labelled layer is ``correlate.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.drivers.rule import CorrelationRule
from headwater.drivers.steps import StepPairs
from headwater.machine_code import cores, load
from headwater.stats import false_discoveries
from headwater.stats.adjust import FdrRule

KERNELS = (
    "headwater.drivers.kernel_pair",
    "headwater.drivers.kernel_tail",
    "headwater.drivers.kernel_series",
)
PIXELS_AT_A_TIME = 4096
"""Pixels of one task of a thread where sums are enough."""
SERIES_AT_A_TIME = 256
"""Series of one task of a thread where they are laid side by side."""
REACH = 0.2
"""Largest lag of ``n_eff="full"``, as a part of the series; see ``stats.effective_n_lags``."""

Block = NDArray[np.floating]
Found = dict[str, NDArray[Any]]


def correlate_blocks(
    a: Block, b: Block, pairs: StepPairs, rule: CorrelationRule | None = None, *, given: Sequence[Block] = ()
) -> Found:
    """Correlation of every column of a with the same column of b, before any adjustment for their number.

    Every column is worked on alone, in float64, in the order of time and in strict IEEE arithmetic: no bit of
    a result depends on the other columns, on how space is cut into blocks, or on the number of threads.
    Where either value (or a covariate) is NaN or infinite, the step is left out.

    Parameters
    ----------
    a, b : shape (time, pixels), float32 or float64, rows of one time axis
    pairs : from ``pair_steps``
    rule : Pearson with effective n by lag 1, if not given
    given : covariates held constant, shape (time, pixels) each, at the steps of a

    Returns
    -------
    ``r``, ``n_eff``, ``p`` (float64), ``n`` and ``n_infinite`` (int32: valid steps, and steps left out
    because of an infinite value), shape (pixels,) each. r is NaN where n < least, where a series is constant
    or where covariates are collinear; p also where n_eff leaves no degree of freedom.
    """
    return correlate_many({"": a}, {"": b}, pairs, rule, given=given)["", ""]


def correlate_many(
    a: Mapping[str, Block],
    b: Mapping[str, Block],
    pairs: StepPairs,
    rule: CorrelationRule | None = None,
    *,
    given: Sequence[Block] = (),
) -> dict[tuple[str, str], Found]:
    """``correlate_blocks`` of all variables of a with all of b; ranks are made once for all partners."""
    rule = rule or CorrelationRule()
    single = all(block.dtype == np.float32 for block in (*a.values(), *b.values(), *given))
    dtype = np.float32 if single else np.float64
    a = {name: np.ascontiguousarray(block, dtype) for name, block in a.items()}
    b = {name: np.ascontiguousarray(block, dtype) for name, block in b.items()}
    given = [np.ascontiguousarray(v, dtype) for v in given]
    _, tail, _ = kernels = load(KERNELS)
    pixels = next(iter(a.values())).shape[1]
    found = {(x, y): _empty(pixels) for x in a for y in b}
    plain = rule.plain and not given and single
    lost = float(rule.lost(len(given)))
    linked, lonely = pairs.linked, pairs.lonely
    seasons = pairs.parts_of_year - 1 if rule.deseasonalise else 0
    sheets = None if plain else _Sheets(a, b, given, pairs, rule)

    def work(start: int, stop: int) -> None:
        if sheets is not None:
            sheets.fill(start, stop, found)
        for (x, y), out in found.items():
            if sheets is None:
                kernels[0].correlate_pixels(
                    start, stop, a[x], pairs.rows_a, b[y], pairs.rows_b, linked, lonely, rule.least,
                    (out["r"], out["n"], out["n_eff"], out["n_infinite"]),
                )  # fmt: skip
            r, n, n_eff = (out[name][start:stop] for name in ("r", "n", "n_eff"))
            if rule.n_eff is False:
                n_eff[:] = np.where(np.isnan(r), np.nan, n)
            if seasons:  # means of the year take their part of the steps, whatever those are worth
                n_eff *= 1.0 - seasons / np.maximum(n, 1)
            tail.p_values(start, stop, out["r"], out["n_eff"], lost, out["p"])

    _in_threads(work, pixels, PIXELS_AT_A_TIME if plain else SERIES_AT_A_TIME)
    return found


def adjust(found: Found, *, fdr: FdrRule = "bh", alpha: float = 0.05) -> Found:
    """What ``correlate_blocks`` gave for all pixels of one map, with ``p_adjusted`` and ``significant``."""
    adjusted, significant = false_discoveries(found["p"], rule=fdr, alpha=alpha)
    return {**found, "p_adjusted": adjusted, "significant": significant}


def _empty(pixels: int) -> Found:
    found: Found = {name: np.empty(pixels) for name in ("r", "n_eff", "p")}
    return {**found, "n": np.empty(pixels, np.int32), "n_infinite": np.empty(pixels, np.int32)}


def _in_threads(work: Callable[[int, int], None], pixels: int, at_a_time: int) -> None:
    starts = range(0, pixels, at_a_time)
    if len(starts) == 1:
        work(0, pixels)
        return
    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(lambda start: work(start, min(start + at_a_time, pixels)), starts))


class _Sheets:
    """Series laid side by side, (steps, pixels), as the kernels of ``kernel_series`` take them."""

    def __init__(
        self,
        a: Mapping[str, Block],
        b: Mapping[str, Block],
        given: Sequence[Block],
        pairs: StepPairs,
        rule: CorrelationRule,
    ) -> None:
        self.a, self.b, self.given, self.pairs, self.rule = a, b, given, pairs, rule
        self.kernel = load(KERNELS)[2]
        self.steps = int(pairs.at[-1]) + 1
        self.time = np.arange(float(self.steps))
        self.part = np.zeros(self.steps, np.int64)
        self.parts = 1
        if rule.deseasonalise:
            _, self.part[pairs.at] = np.unique(pairs.part_of_year, return_inverse=True)
            self.parts = pairs.parts_of_year
        self.reach = max(1, int(REACH * self.steps)) if rule.n_eff == "full" else 0

    def fill(self, start: int, stop: int, found: dict[tuple[str, str], Found]) -> None:
        """Fills r, n, n_eff and n_infinite of these pixels for all pairs of variables."""
        sheets_a = {name: self._lay(block, self.pairs.rows_a, start, stop) for name, block in self.a.items()}
        sheets_b = {name: self._lay(block, self.pairs.rows_b, start, stop) for name, block in self.b.items()}
        sheets_z = [self._lay(block, self.pairs.rows_a, start, stop) for block in self.given]
        ready: dict[tuple[str, str], NDArray[np.float64]] = {}
        for (x, y), out in found.items():
            sheets = [sheets_a[x], sheets_b[y], *sheets_z]
            total = sum(np.abs(sheet) for sheet in sheets)
            valid = np.isfinite(total)
            out["n_infinite"][start:stop] = 0
            complete = np.count_nonzero(valid) == valid.shape[1] * len(self.pairs)
            if not complete:
                out["n_infinite"][start:stop] = np.isinf(total).sum(axis=0)
            there = valid.astype(np.float64)
            values = np.empty((len(sheets), *valid.shape))
            for k, sheet in enumerate(sheets):
                key = (("a", x), ("b", y))[k] if k < 2 else ("z", str(k))
                if complete and key in ready:
                    values[k] = ready[key]
                    continue
                self._prepare(sheet, valid, there, values[k])
                if complete and len(found) > 1:
                    ready[key] = values[k].copy()
            if self.given:
                self._hold_constant(values, there)
            self._correlate(values[0], values[1], there, {k: v[start:stop] for k, v in out.items()})

    def _lay(self, block: Block, rows: NDArray[np.int64], start: int, stop: int) -> Block:
        """Sheet (steps, pixels) of a block; NaN at steps that are left out of the series."""
        if len(rows) == self.steps:
            return block[rows, start:stop]
        sheet = np.full((self.steps, stop - start), np.nan, block.dtype)
        sheet[self.pairs.at] = block[rows, start:stop]
        return sheet

    def _prepare(
        self, sheet: Block, valid: NDArray[np.bool_], there: NDArray[np.float64], out: NDArray[np.float64]
    ) -> None:
        """Fills out with values without season and trend, as ranks if asked; 0 where not valid."""
        kernel, taken = self.kernel, self.rule.deseasonalise or self.rule.detrend
        if taken or self.rule.method == "pearson":
            out[:] = sheet if valid.all() else np.where(valid, sheet, 0.0)
        if taken:
            kernel.take_out(out, there, self.part, self.parts, self.time, self.rule.detrend)
        if self.rule.method == "pearson":
            return
        turned = np.where(valid.T, (out if taken else sheet).T, np.inf)
        turned = np.ascontiguousarray(turned, np.float64 if taken else sheet.dtype) + 0  # -0 becomes +0
        if turned.dtype == np.float32:
            order = np.empty(turned.shape, np.uint64)
            kernel.sort_keys(turned.view(np.uint32), there, order)
            order.sort(axis=1)
        else:
            order = np.argsort(turned, axis=1).astype(np.uint64)
        kernel.rank(turned, order, there, out)

    def _hold_constant(self, values: NDArray[np.float64], there: NDArray[np.float64]) -> None:
        """Takes the covariates, from the third of the values on, out of the first two."""
        kernel, variables = self.kernel, len(values)
        products = np.zeros((variables, variables, values.shape[2]))
        for v in range(variables):
            products[v, v] = kernel.centre(values[v], there)
        for v in range(variables):
            for w in range(max(v + 1, 2), variables):
                products[v, w] = products[w, v] = kernel.cross(values[v], values[w], 0)
        kernel.hold_constant(values, products)

    def _correlate(
        self, x: NDArray[np.float64], y: NDArray[np.float64], there: NDArray[np.float64], out: Found
    ) -> None:
        """Fills r, n and n_eff of the sheets x and y, which are centred on the way."""
        kernel = self.kernel
        xx, yy = kernel.centre(x, there), kernel.centre(y, there)
        xy, x1, y1 = kernel.cross(x, y, 0), kernel.cross(x, x, 1), kernel.cross(y, y, 1)
        out["n"][:] = there.sum(axis=0)
        pairs = kernel.cross(there, there, 1)
        kernel.conclude(xx, yy, xy, x1, y1, pairs, self.rule.least, out["n"], out["r"], out["n_eff"])
        if self.reach:
            turned = (np.ascontiguousarray(sheet.T) for sheet in (x, y, there))
            kernel.effective_by_all_lags(*turned, self.reach, xx, yy, out["r"], out["n_eff"])
