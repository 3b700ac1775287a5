"""No bit of a result depends on how space is cut, on neighbours, on threads or on laziness."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from headwater.drivers import CorrelationRule, adjust, correlate, correlate_blocks, pair_steps, read_blocks
from headwater.drivers import blocks as blocks_module
from tests.drivers.make_grids import grid, punched, red_noise

STEPS, PIXELS = 126, 600
RULES = [
    CorrelationRule(),
    CorrelationRule(n_eff=False),
    CorrelationRule("spearman"),
    CorrelationRule(n_eff="full", detrend=True),
    CorrelationRule(deseasonalise=True),
]


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    """Half of the pixels have gaps, so that tiles with and without gaps meet."""
    rng = np.random.default_rng(1)
    a, b = (red_noise(rng, 0.6, STEPS, PIXELS) for _ in range(2))
    for values in (a, b):
        values[:, 300:] = punched(rng, values[:, 300:], 0.1)
    a[40, 350] = np.inf
    a[:, 17] = 2.5
    return a + np.float32(280), b


@pytest.fixture(scope="module")
def pairs():
    return pair_steps(grid(np.zeros((STEPS, 1)), "x", shape=(1, 1))["time"].values)[0]


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("gaps_in_time", [False, True])
def test_cuts_change_no_bit(pair, pairs, rule, gaps_in_time):
    a, b = pair
    if gaps_in_time:
        pairs = pairs.take(np.flatnonzero(np.random.default_rng(2).random(STEPS) > 0.1), 1)
    whole = correlate_blocks(a, b, pairs, rule)
    for cut in (slice(1, None), slice(250, 310), slice(299, 300), slice(350, 351)):
        part = correlate_blocks(np.ascontiguousarray(a[:, cut]), np.ascontiguousarray(b[:, cut]), pairs, rule)
        for name, values in part.items():
            np.testing.assert_array_equal(values, whole[name][cut], err_msg=name)


@pytest.mark.parametrize("rule", RULES[:3], ids=str)
def test_threads_change_no_bit(pair, pairs, rule, monkeypatch):
    results = []
    for cores in (1, 3):
        monkeypatch.setattr(blocks_module, "cores", lambda cores=cores: cores)
        monkeypatch.setattr(blocks_module, "PIXELS_AT_A_TIME", 64 * cores)
        monkeypatch.setattr(blocks_module, "SERIES_AT_A_TIME", 50 * cores)
        results.append(correlate_blocks(*pair, pairs, rule))
    for name in results[0]:
        np.testing.assert_array_equal(results[0][name], results[1][name], err_msg=name)


@pytest.mark.parametrize("chunks", [{"latitude": 7, "longitude": 11}, {"time": 13}])
def test_lazy_grids_give_the_same(pair, chunks, monkeypatch, tmp_path):
    monkeypatch.setattr(read_blocks, "BLOCK_BYTES", 2**17)
    a, b = (grid(values, name, shape=(20, 30)) for values, name in zip(pair, "ab", strict=True))
    expected = correlate(a, b, by="month")
    xr.testing.assert_identical(correlate(a.chunk(chunks), b.chunk(chunks), by="month"), expected)
    xr.Dataset({"a": a, "b": b}).to_netcdf(tmp_path / "ab.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "ab.nc", engine="h5netcdf") as lazy:
        xr.testing.assert_equal(correlate(lazy["a"], lazy["b"], by="month"), expected)


def test_blocks_and_adjust_make_what_correlate_makes(pair, pairs):
    a, b = (grid(values, name, shape=(20, 30)) for values, name in zip(pair, "ab", strict=True))
    parts = [
        correlate_blocks(pair[0][:, cut], pair[1][:, cut], pairs) for cut in (slice(0, 210), slice(210, None))
    ]
    whole = adjust({name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, fdr="by")
    found = correlate(a, b, fdr="by")
    for name in found:
        np.testing.assert_array_equal(found[name].values.ravel(), whole[name], err_msg=name)


def test_double_precision_and_mixed_input(pair, pairs):
    a, b = pair
    single = correlate_blocks(a, b, pairs)
    for x, y in ((a.astype(float), b.astype(float)), (a, b.astype(float))):
        for rule in (CorrelationRule(), CorrelationRule("spearman")):
            found = correlate_blocks(x, y, pairs, rule)
            np.testing.assert_allclose(found["r"], correlate_blocks(a, b, pairs, rule)["r"], atol=1e-12)
    fine = 1e-9 * b.astype(float) + 280  # in float32 this would be constant
    np.testing.assert_allclose(correlate_blocks(fine, b.astype(float), pairs)["r"][:10], 1, atol=1e-6)
    assert np.isfinite(single["r"][0])
