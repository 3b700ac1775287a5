"""Craig–Gordon evaporation against published fractionation and an integration in ratio notation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from headwater.errors import InputRefused
from headwater.isotopes import (
    equilibrium_alpha,
    equilibrium_vapour,
    evaporated_fraction,
    evaporation_slope,
)


def majoube(celsius):
    """1000 ln α of Majoube (1971), an independent fit to other measurements."""
    t = celsius + 273.15
    return np.array([1.137e6 / t**2 - 0.4156e3 / t - 2.0667, 24.844e6 / t**2 - 76.248e3 / t + 52.612])


@pytest.mark.parametrize("celsius", [0.0, 10.0, 25.0, 40.0, 60.0])
def test_equilibrium_is_in_excellent_agreement_with_majoube_1971(celsius):
    # Horita & Wesolowski (1994), abstract; 1σ of their hydrogen equation is 1.2
    ours = 1000 * np.log(equilibrium_alpha(celsius))
    assert abs(ours[0] - majoube(celsius)[0]) < 0.2
    assert abs(ours[1] - majoube(celsius)[1]) < 1.2


def test_hydrogen_crossover_at_229_degrees():
    # Horita & Wesolowski (1994), abstract: 229 ± 13 °C (1σ)
    crossover = brentq(lambda celsius: equilibrium_alpha(celsius)[1] - 1, 150, 300)
    assert abs(crossover - 229) < 13


def test_fractionation_vanishes_at_the_critical_point():
    assert 1000 * np.log(equilibrium_alpha(374.0)) == pytest.approx([0, 0], abs=1.0)


def test_equilibrium_at_25_degrees():
    # 9.3 ‰ and 76 ‰ as 1000 ln α in Clark & Fritz (1997), table 1-4, to their decimals
    assert 1000 * np.log(equilibrium_alpha(25.0)) == pytest.approx([9.3, 76.0], abs=0.5)


def test_vapour_in_equilibrium_condenses_to_the_precipitation():
    d18O, d2H = equilibrium_vapour((-12.0, -90.0), 8.0)
    alpha = equilibrium_alpha(8.0)
    assert alpha[0] * (1000 + d18O) - 1000 == pytest.approx(-12)
    assert alpha[1] * (1000 + d2H) - 1000 == pytest.approx(-90)
    assert equilibrium_vapour((-12.0, -90.0), 8.0, seasonality=0.0) == (-12.0, -90.0)


def drying(initial, vapour, celsius, h, n, lost):
    """δ of a drying volume after losing each fraction: ratios, not δ; nothing shared with the code."""
    out = []
    for k, diffusion in enumerate((0.0285, 0.0251)):
        alpha = equilibrium_alpha(celsius)[k]
        air = 1 + vapour[k] / 1000

        def rate(log_f, ratio, alpha=alpha, air=air, diffusion=diffusion):
            flux = (ratio / alpha - h * air) / ((1 - h) * (1 + n * diffusion))
            return flux - ratio

        span = np.log1p(-np.asarray(lost))
        path = solve_ivp(rate, (0, span[-1]), [1 + initial[k] / 1000], t_eval=span, rtol=1e-11, atol=1e-13)
        out.append(1000 * (path.y[0] - 1))
    return np.array(out)


@pytest.mark.parametrize(
    ("celsius", "h", "n"), [(10.0, 0.6, 1.0), (20.0, 0.3, 0.5), (5.0, 0.85, 1.0), (15.0, 0.02, 1.0)]
)
def test_drying_volume_gives_back_the_lost_fraction_and_the_slope(celsius, h, n):
    initial, vapour = (-14.0, -102.0), (-24.0, -175.0)
    lost = np.array([1e-6, 0.05, 0.2, 0.5])
    path = drying(initial, vapour, celsius, h, n, lost)
    found = evaporated_fraction(
        initial,
        tuple(path),
        temperature_C=celsius,
        relative_humidity=h,
        vapour=vapour,
        steady=False,
        turbulence=n,
    )
    np.testing.assert_allclose(found.from_d18O, lost, atol=2e-7)
    np.testing.assert_allclose(found.from_d2H, lost, atol=2e-7)
    line = evaporation_slope(celsius, h, initial, vapour, turbulence=n)
    rise = path - np.array(initial)[:, None]
    assert line.initial_slope == pytest.approx(rise[1, 0] / rise[0, 0], rel=1e-3)
    if h > 0.1:
        far = drying(initial, vapour, celsius, h, n, [1 - 1e-12])
        assert line.limit == pytest.approx(tuple(far[:, 0]), rel=5e-3, abs=0.2)
        assert line.slope == pytest.approx((line.limit[1] + 102) / (line.limit[0] + 14))
    else:
        assert np.isnan(line.slope) and np.isnan(line.limit[1])


def test_steady_lake_balances_inflow_outflow_and_vapour():
    # inflow = outflow + evaporation for the water and for each isotope, Craig–Gordon flux in ratios
    initial, vapour, celsius, h, share = (-14.0, -102.0), (-24.0, -175.0), 12.0, 0.6, 0.3
    lake = []
    for k, diffusion in enumerate((0.0285, 0.0251)):
        alpha, air = equilibrium_alpha(celsius)[k], 1 + vapour[k] / 1000

        def balance(ratio, k=k, alpha=alpha, air=air, diffusion=diffusion):
            flux = (ratio / alpha - h * air) / ((1 - h) * (1 + 0.5 * diffusion))
            return (1 + initial[k] / 1000) - (1 - share) * ratio - share * flux

        lake.append(1000 * (brentq(balance, 0.8, 1.2) - 1))
    found = evaporated_fraction(
        initial,
        tuple(lake),
        temperature_C=celsius,
        relative_humidity=h,
        vapour=vapour,
        steady=True,
        turbulence=0.5,
    )
    assert float(found.from_d18O) == pytest.approx(share)
    assert float(found.from_d2H) == pytest.approx(share)


def test_in_equilibrium_air_the_initial_slope_does_not_depend_on_humidity():
    # A − B δ0 is proportional to 1 − h where δ_A is in equilibrium with δ0 (Gat 1971)
    slopes = [evaporation_slope(12.0, h, (-14.0, -102.0)).initial_slope for h in (0.1, 0.5, 0.9)]
    assert np.ptp(slopes) < 0.02


def test_soil_slopes_are_lower_than_those_of_open_water():
    # Gibson et al. (2008): 4–6 for lakes, 2–4 for soil water, in the form that ends at the limit
    soil = evaporation_slope(20.0, 0.75, (-6.0, -38.0))
    lake = evaporation_slope(20.0, 0.75, (-6.0, -38.0), turbulence=0.5)
    assert 2 < soil.initial_slope < soil.slope < 4 < lake.slope < 6


def test_the_limit_goes_to_equilibrium_with_vapour_as_air_saturates():
    vapour = (-24.0, -175.0)
    line = evaporation_slope(12.0, 0.9999999, (-14.0, -102.0), vapour)
    alpha = equilibrium_alpha(12.0)
    assert line.limit == pytest.approx(tuple(alpha * (1000 + np.array(vapour)) - 1000), abs=1e-3)


def test_slope_error_is_the_spread_over_draws():
    rng = np.random.default_rng(1)
    line = evaporation_slope(
        10.0, 0.6, (-14.0, -102.0), (-24.0, -178.0),
        temperature_sd=2.0, humidity_sd=0.03, initial_sd=(0.3, 2.4), vapour_sd=(0.4, 3.0),
    )  # fmt: skip
    draws = []
    for _ in range(3000):
        one = evaporation_slope(
            10 + 2 * rng.normal(),
            0.6 + 0.03 * rng.normal(),
            (-14 + 0.3 * rng.normal(), -102 + 2.4 * rng.normal()),
            (-24 + 0.4 * rng.normal(), -178 + 3.0 * rng.normal()),
        )
        draws.append((one.slope, one.initial_slope))
    assert (line.slope_se, line.initial_slope_se) == pytest.approx(tuple(np.std(draws, axis=0)), rel=0.06)


def test_errors_at_the_edge_of_what_is_allowed_are_finite():
    line = evaporation_slope(-10.0, 0.0, (-14.0, -102.0), temperature_sd=1.0, humidity_sd=0.05)
    assert np.isfinite(line.initial_slope_se) and np.isnan(line.slope)
    assert np.isfinite(evaporation_slope(10.0, 0.9999999, (-14.0, -102.0), humidity_sd=0.05).slope_se)


def test_beyond_the_limit_is_missing_and_lighter_is_negative():
    for steady in (True, False):
        found = evaporated_fraction(
            (-14.0, -102.0), (np.array([60.0, -15.0]), np.array([200.0, -106.0])),
            temperature_C=10.0, relative_humidity=0.6, vapour=(-24.0, -178.0), steady=steady,
        )  # fmt: skip
        assert np.isnan(found.from_d18O[0]) and found.from_d18O[1] < 0


@pytest.mark.parametrize(
    ("celsius", "h", "message"),
    [
        (10, 60, "not percent"),
        (10, 1.0, "saturated"),
        (500, 0.5, "500 °C"),
        (10, np.nan, "humidity"),
    ],
)
def test_air_that_allows_no_evaporation_is_refused(celsius, h, message):
    with pytest.raises(InputRefused, match=message):
        evaporation_slope(celsius, h, (-14.0, -102.0))


def test_turbulence_outside_its_range_is_refused():
    with pytest.raises(InputRefused, match="turbulence"):
        evaporation_slope(10.0, 0.5, (-14.0, -102.0), turbulence=2.0)
