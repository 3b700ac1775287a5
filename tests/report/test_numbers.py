"""Numbers as people write them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.report import numbers

NAN = float("nan")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (numbers.share_with_sd(0.7213, 0.041), "72\u00a0±\u00a04\u202f%"),
        (numbers.share_with_sd(0.9961, 0.003), "99.6\u00a0±\u00a00.3\u202f%"),
        (numbers.share_with_sd(0.7213, NAN), "72\u202f%"),
        (numbers.share_with_sd(NAN, NAN), "–"),
        (numbers.share_range(0.64, 0.8), "64–80\u202f%"),
        (numbers.share_range(-0.03, 0.09), "−3…9\u202f%"),
        (numbers.number(-0.004), "0.00"),
        (numbers.number(-1.5, 1), "−1.5"),
        (numbers.number(float("-inf")), "−∞"),
        (numbers.permil(-12.0), "−12.0\u202f‰"),
        (numbers.points(0.21), "+21"),
        (numbers.integer(2451), "2451"),
        (numbers.integer(1_000_000), "1\u202f000\u202f000"),
        (numbers.p_value(0.00001), "< 0.001"),
        (numbers.p_value(0.0312), "0.031"),
        (numbers.p_value(0.5), "0.50"),
        (numbers.interval(-3.4, -2.1), "[−3.4, −2.1]"),
        (numbers.line_equation(7.9, 12.43), "δ²H = 7.90 δ¹⁸O + 12.43"),
        (numbers.line_equation(5.7, -21.18), "δ²H = 5.70 δ¹⁸O − 21.18"),
    ],
)
def test_written_form(written: str, expected: str) -> None:
    assert written == expected


@given(st.floats(allow_nan=False, allow_infinity=False, width=64), st.integers(0, 4))
def test_no_hyphen_and_no_negative_zero(value: float, decimals: int) -> None:
    written = numbers.number(value, decimals)
    assert "-" not in written
    assert not (written.startswith("−") and float(written.replace("−", "")) == 0)


@given(st.lists(st.floats(-1e200, 1e200), max_size=20))
def test_significant_keeps_ten_digits(values: list[float]) -> None:
    rounded = numbers.significant(np.array(values))
    np.testing.assert_allclose(rounded, values, rtol=1e-9, atol=0)


def test_significant_keeps_what_is_no_number() -> None:
    rounded = numbers.significant(np.array([NAN, np.inf, -np.inf, 0.0, 0.1 + 0.2]))
    np.testing.assert_array_equal(rounded, [NAN, np.inf, -np.inf, 0.0, 0.3])
