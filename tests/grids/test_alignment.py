"""Alignment against sums by hand and properties that any conservative mean has."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.errors import InputRefused, SettingsRefused
from headwater.grids import align, composite
from headwater.grids.regrid import edges_of, overlap_weights
from tests.grids.make_grids import grid, lazy
from tests.grids.make_reanalysis import months


def test_exact_takes_the_window_and_forgives_single_precision() -> None:
    large, window = grid(), grid(south=30.5, west=91.0, shape=(3, 4))
    rough = large.assign_coords(latitude=large.latitude.astype(np.float32).astype(float) + 1e-6)
    out = align({"a": rough}, onto=window)["a"]
    np.testing.assert_array_equal(out, large[:, 1:4, 2:6])
    np.testing.assert_array_equal(out.latitude, window.latitude)
    assert align({"a": large}, onto=large)["a"].identical(large)


@pytest.mark.parametrize("other", [{"south": 30.1}, {"cell": 0.25}, {"west": 95.0}])
def test_exact_refuses_other_cells_and_names_the_way_out(other: dict[str, float]) -> None:
    with pytest.raises(InputRefused, match="method='nearest' or method='mean'"):
        align({"a": grid()}, onto=grid(**other))


def test_nearest_is_the_cell_that_holds_the_centre() -> None:
    coarse = grid()
    fine = grid(cell=0.1, south=29.5, shape=(20, 15))
    out = align({"a": coarse}, onto=fine, method="nearest")["a"]
    assert np.isnan(out[:, :5]).all() and not np.isnan(out[:, 5:]).any()
    for row, column in [(5, 0), (9, 4), (10, 5), (19, 14)]:
        assert out[0, row, column] == coarse[0, (row - 5) // 5, column // 5]
    assert "75 cells lie outside and are missing" in out.headwater_changes


def test_mean_by_area_is_that_of_cells_cut_by_hand() -> None:
    source = xr.DataArray(
        np.array([[[1.0, 2.0], [3.0, 4.0]]], np.float32),
        {"time": months("2001-01", 1), "latitude": [30.5, 31.5], "longitude": [90.5, 91.5]},
        ("time", "latitude", "longitude"), "x",
    )  # fmt: skip
    onto = xr.DataArray(
        np.zeros((2, 2)), {"latitude": [31.0, 32.0], "longitude": [91.25, 92.25]}, ("latitude", "longitude")
    )
    # new cell 30.5-31.5 north, 90.75-91.75 east: a quarter of column 1 and three quarters of column 2
    below = np.sin(np.radians(31)) - np.sin(np.radians(30.5))
    above = np.sin(np.radians(31.5)) - np.sin(np.radians(31))
    truth = (below * (0.25 * 1 + 0.75 * 2) + above * (0.25 * 3 + 0.75 * 4)) / (below + above)
    out = align({"a": source}, onto=onto, method="mean")["a"]
    np.testing.assert_allclose(out[0, 0, 0], truth, rtol=1e-6)
    np.testing.assert_allclose(
        out[0, 1, 0], 0.25 * 3 + 0.75 * 4, rtol=1e-6
    )  # the southern half has more area
    assert np.isnan(out[0, :, 1]).all()  # a quarter of these cells is covered
    assert np.isnan(align({"a": source}, onto=onto, method="mean", least=0.51)["a"][0, 1]).all()


@settings(max_examples=15, deadline=None)
@given(
    st.integers(2, 9), st.integers(2, 9), st.floats(0.11, 1.7), st.floats(-1, 1), st.integers(0, 2**32 - 1)
)
def test_mean_by_area_keeps_the_integral_and_the_bounds(
    rows: int, columns: int, cell: float, shift: float, seed: int
) -> None:
    source = grid(1, shape=(rows, columns), seed=seed)
    west, south = 90.0 + shift - 2, 30.0 + shift - 2
    onto = grid(1, south=south, west=west, cell=cell, shape=(int(14 / cell), int(14 / cell)))[0]
    left = overlap_weights(onto.latitude.values, source.latitude.values, spherical=True).weights
    right = overlap_weights(onto.longitude.values, source.longitude.values, spherical=False).weights
    heights = np.diff(np.sin(np.radians(edges_of(source.latitude.values))))
    np.testing.assert_allclose(left.sum(axis=0), heights, rtol=1e-9)
    np.testing.assert_allclose(right.sum(axis=0), 0.5, rtol=1e-6)
    out = align({"a": source}, onto=onto, method="mean", least=1e-6)["a"].values[0]
    valid = ~np.isnan(out)
    area = (left @ np.ones(source.shape[1:]) @ right.T)[valid]
    total = float((source.values[0] * heights[:, None] * 0.5).sum(dtype=float))
    np.testing.assert_allclose(float((out[valid] * area).sum()), total, rtol=1e-5)
    assert out[valid].min() >= source.values.min() - 1e-6 and out[valid].max() <= source.values.max() + 1e-6


def test_missing_cells_leave_the_mean_to_the_others() -> None:
    source, onto = grid(shape=(4, 4)), grid(cell=1.0, shape=(2, 2))
    source[0, 0, 0], source[0, 2:, 2:], source[1, 0, :3] = np.nan, np.nan, np.nan
    out = align({"a": source}, onto=onto, method="mean", least=0.4)["a"]
    assert np.isnan(out[0, 1, 1]) and np.isfinite(out[0, 0, 0]) and np.isfinite(out[1]).all()
    weights = np.diff(np.sin(np.radians([30, 30.5, 31])))
    lower, upper = source.values[0, 0, 1], source.values[0, 1, :2].mean()
    truth = (weights[0] * lower + weights[1] * upper * 2) / (weights[0] + 2 * weights[1])
    np.testing.assert_allclose(out[0, 0, 0], truth, rtol=1e-6)


@pytest.mark.parametrize("method", ["exact", "nearest", "mean"])
def test_any_window_of_a_lazy_grid_is_that_of_the_whole(method: str) -> None:
    source = grid(4, shape=(12, 16))
    source[1, 3, 4] = np.nan
    onto = grid(3, cell=0.5 if method == "exact" else 0.7, south=30.5, west=90.5, shape=(6, 8))
    whole = align({"a": source}, onto=onto, method=method)["a"]
    late = align({"a": lazy(source, (2, 12, 16))}, onto=onto, method=method)["a"]
    assert not isinstance(late.variable._data, np.ndarray) and late.sizes["time"] == 3
    np.testing.assert_array_equal(late[1:2, 2:5, ::-2], whole[1:2, 2:5, ::-2])
    np.testing.assert_array_equal(late, whole)
    assert late.headwater_changes.startswith("3 of 4 steps kept, those that all grids have")


def test_sources_that_pack_many_steps_are_read_in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    source, onto = grid(12, shape=(12, 16)), grid(12, cell=0.7, shape=(8, 9))
    whole = align({"a": source}, onto=onto, method="mean")["a"]
    daily = grid(
        time=np.datetime64("2001-01-01", "ns") + np.arange(90) * np.timedelta64(1, "D"), shape=(9, 8)
    )
    monthly = composite(daily, "month")
    monkeypatch.setattr("headwater.grids.regrid.STRIP_VALUES", 200)
    monkeypatch.setattr("headwater.grids.longer_steps.STRIP_VALUES", 200)
    monkeypatch.setattr("headwater.grids.lazy.PIECE_VALUES", 100)
    strips = align({"a": lazy(source, (6, 4, 16))}, onto=onto, method="mean")["a"]
    np.testing.assert_array_equal(strips, whole)
    np.testing.assert_array_equal(composite(lazy(daily, (30, 3, 8)), "month"), monthly)


def test_the_seam_of_180_degrees_is_crossed() -> None:
    longitude = np.arange(-180.0, 180, 45)
    source = xr.DataArray(
        np.arange(16, dtype=np.float32).reshape(1, 2, 8),
        {"time": months("2001-01", 1), "latitude": [10.0, 20], "longitude": longitude},
        ("time", "latitude", "longitude"), "x",
    )  # fmt: skip
    onto = xr.DataArray(
        np.zeros((2, 2)), {"latitude": [10.0, 20], "longitude": [170.0, 179.0]}, ("latitude", "longitude")
    )
    assert list(align({"a": source}, onto=onto, method="nearest")["a"][0, 0]) == [
        0,
        0,
    ]  # the cell of -180 reaches 157.5
    np.testing.assert_allclose(align({"a": source}, onto=onto, method="mean")["a"][0, 0], 0, atol=1e-6)


def test_grids_without_common_steps_kinds_or_cells_are_refused() -> None:
    with pytest.raises(
        InputRefused, match=r"no time step that all grids have \(onto: 2001-01-01 to 2001-03-01"
    ):
        align({"a": grid(time=months("1990-01", 3))}, onto=grid())
    daily = grid(time=np.datetime64("2001-01-01", "ns") + np.arange(90) * np.timedelta64(1, "D"))
    with pytest.raises(InputRefused, match=r"different time steps \(onto: month, a: day\).*composite"):
        align({"a": daily}, onto=grid())
    for method in ("nearest", "mean"):
        with pytest.raises(InputRefused, match="no cell in common"):
            align({"a": grid(south=-30)}, onto=grid(), method=method)
    with pytest.raises(SettingsRefused, match="method 'linear'"):
        align({"a": grid()}, onto=grid(), method="linear")
    with pytest.raises(InputRefused, match="at least 2 rows"):
        align({"a": grid(shape=(1, 4))}, onto=grid(), method="mean")


def test_a_map_without_time_aligns_too() -> None:
    out = align({"altitude": grid()[0].drop_vars("time")}, onto=grid(cell=1.0, shape=(3, 4)), method="mean")
    assert out["altitude"].dims == ("latitude", "longitude") and np.isfinite(out["altitude"]).all()
