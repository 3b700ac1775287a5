"""p values against scipy over the whole range of r and degrees of freedom."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import betainc, betaincc

from headwater.drivers.blocks import KERNELS
from headwater.machine_code import load


def p_of(r: np.ndarray, nu: float) -> np.ndarray:
    p = np.empty(r.size)
    load(KERNELS)[1].p_values(0, r.size, r, np.full(r.size, nu + 5.0), 3.0, p)
    return p


@pytest.mark.parametrize("nu", [0.03, 0.5, 1.0, 2.0, 7.3, 30.0, 214.7, 458.0, 1e4])
def test_p_is_the_incomplete_beta_function(nu):
    r = np.concatenate([np.linspace(-0.999, 0.999, 501), [1e-9, 1 - 1e-5]])
    small, large = betaincc(0.5, nu / 2, r**2), betainc(nu / 2, 0.5, (1 - r) * (1 + r))
    expected = np.where(np.abs(r) < 0.5, small, large)  # the same function; each loses digits at one end
    np.testing.assert_allclose(p_of(r, nu), expected, rtol=1e-8, atol=1e-300)


def test_ends_and_what_has_no_answer():
    np.testing.assert_array_equal(p_of(np.array([0.0, 1.0, -1.0, np.nan]), 10.0), [1, 0, 0, np.nan])
    assert np.isnan(p_of(np.array([0.5]), 0.0)).all() and np.isnan(p_of(np.array([0.5]), -1.0)).all()
