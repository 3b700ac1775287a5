"""Grids that cannot be correlated as they are: refused, with the place, what is allowed and what to do."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from headwater.drivers import correlate
from headwater.errors import HeadwaterError, InputRefused, SettingsRefused
from tests.drivers.make_grids import grid, red_noise

A = grid(red_noise(np.random.default_rng(1), 0.5, 60, 6), "soil_moisture", shape=(2, 3))
B = grid(red_noise(np.random.default_rng(2), 0.5, 60, 6), "t2m", shape=(2, 3))

UNFIT = {
    "descending latitude": (A, B.isel(latitude=slice(None, None, -1)), "latitude runs the other way"),
    "longitude 0 to 360": (A.assign_coords(longitude=[-91, -90, -89]),
                           B.assign_coords(longitude=[269, 270, 271]), "0 to 360"),
    "shifted by half a cell": (A, B.assign_coords(longitude=B["longitude"] + 0.25),
                               "differ by up to 0.25.*align"),
    "other size": (A, B.isel(longitude=slice(2)), "2 values .* and 3 "),
    "other years": (A, B.assign_coords(time=B["time"] + np.timedelta64(1095, "D")),
                    "not at the same times.*composite"),
    "shorter": (A, B.isel(time=slice(12, None)), "48 of them the same.*intersect1d"),
    "one step": (A.isel(time=[0]), B.isel(time=[0]), "1 step"),
    "few steps": (A.isel(time=slice(8)), B.isel(time=slice(8)), "8 steps, 10 are needed"),
    "no time": (A.isel(time=0), B.isel(time=0), "'time' is needed"),
    "no times": (A.drop_vars("time"), B.drop_vars("time"), "no times"),
    "times as numbers": (A.assign_coords(time=np.arange(60)), B.assign_coords(time=np.arange(60)),
                         "int64, dates"),
    "another calendar": (A, B.convert_calendar("noleap", use_cftime=True),
                         "calendar noleap.*convert_calendar"),
    "other dimensions": (A, B.rename(latitude="y"), r"\(time, y, longitude\).*align"),
    "packed integers": (A, B.astype("int16"), "holds int16.*fill values"),
    "complex": (A.astype(complex), B, "complex128"),
    "truth values": (A > 0, B, "bool"),
    "nothing at all": (A, B * np.nan, "no place and time with a value in both"),
    "no overlap": (A.where(A["latitude"] < 31.2), B.where(B["latitude"] > 31.2), "no place and time"),
    "an array": (A.values, B, "a ndarray"),
    "an empty Dataset": (A, xr.Dataset(), "without variables"),
    "times that repeat": (A.assign_coords(time=A["time"].values[[0, *range(59)]]),
                          B.assign_coords(time=A["time"].values[[0, *range(59)]]), "does not come after"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNFIT)
def test_unfit_grids_are_refused_with_what_to_do(case):
    a, b, says = UNFIT[case]
    with pytest.raises(InputRefused, match=f"(?s){says}"):
        correlate(a, b)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "kendall"}, "pearson, spearman"),
        ({"mode": "spatial"}, "'temporal', 'pattern' and 'moving'"),
        ({"by": "season"}, "'month'"),
        ({"n_eff": "lag2"}, "'lag1', 'full' and False"),
        ({"n_eff": True}, "'lag1', 'full' and False"),
        ({"fdr": "bonferroni"}, "'bh', 'by' and 'wilks'"),
        ({"alpha": 5}, "between 0 and 1"),
        ({"fdr": "wilks", "alpha": 0.5}, "0.5 with wilks"),
        ({"lag": 0.5}, "whole number of steps"),
        ({"least": 2}, "3 or more"),
        ({"window": 24}, "needs both"),
        ({"mode": "moving"}, "needs both"),
        ({"mode": "moving", "window": 600}, "at most the 60"),
        ({"by": "month", "deseasonalise": True}, "no season"),
        ({"mode": "pattern", "detrend": True}, "series over time"),
        ({"given": [B] * 6}, "at most 5"),
        ({"given": B}, r"given=\[x\]"),
    ],
)
def test_unfit_options_are_refused(options, says):
    with pytest.raises(SettingsRefused, match=says):
        correlate(A, B, **options)


def test_unfit_covariates_are_refused():
    with pytest.raises(InputRefused, match=r"covariate 1 t2m and a differ in longitude"):
        correlate(A, B, given=[B.assign_coords(longitude=B["longitude"] + 1)])


def test_order_of_dimensions_does_not_matter_and_messages_end_with_an_advice():
    xr.testing.assert_equal(correlate(A, B.transpose("longitude", "time", "latitude")), correlate(A, B))
    for a, b, _ in UNFIT.values():
        with pytest.raises(HeadwaterError) as refused:
            correlate(a, b)
        assert str(refused.value).endswith(".") and len(str(refused.value)) > 60
