"""What mixing refuses, each with the reason in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headwater.errors import InputRefused
from headwater.mixing import check_sources, check_tracers, composition, emma, solve_shares, stack


def _isotopes(n: int = 60, decimals: int | None = None, across: float = 3.0) -> np.ndarray:
    rng = np.random.default_rng(n)
    d18o = rng.normal(-12, 4, n)
    d2h = 8 * d18o + 10 + rng.normal(0, across, n)
    if decimals is not None:
        d18o, d2h = np.round(d18o, decimals), np.round(d2h, decimals)
    return np.column_stack([d18o, d2h])


def _with_excess(x: np.ndarray, decimals: int | None = None) -> np.ndarray:
    excess = x[:, 1] - 8 * x[:, 0]
    return np.column_stack([x, excess if decimals is None else np.round(excess, decimals)])


def _rounded(x: np.ndarray, *decimals: int) -> np.ndarray:
    return np.column_stack([np.round(column, d) for column, d in zip(x.T, decimals, strict=True)])


THREE = ("d18O", "d2H", "d_excess")


@pytest.mark.parametrize("decimals", [None, 3, 2, 1])
@pytest.mark.parametrize("excess_decimals", [None, 2, 1, 0])
def test_d_excess_beside_both_isotopes_is_refused_exact_or_rounded(decimals, excess_decimals) -> None:
    x = _with_excess(_isotopes(decimals=decimals), excess_decimals)
    with pytest.raises(InputRefused, match="d18O, d2H, d_excess are linearly dependent"):
        check_tracers(x, THREE)


def test_d_excess_kept_from_unrounded_isotopes_is_refused_too() -> None:
    exact = _with_excess(_isotopes())
    with pytest.raises(InputRefused, match="linearly dependent"):
        check_tracers(_rounded(exact, 2, 1, 1), THREE)


@pytest.mark.parametrize("across", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("decimals", [None, 2, 1])
def test_isotopes_near_a_meteoric_line_are_two_tracers(across, decimals) -> None:
    x = _isotopes(200, decimals=None, across=across)
    if decimals is not None:
        x = _rounded(x, 2, decimals)
    check_tracers(x, ("d18O", "d2H"))
    other = np.column_stack([x, np.random.default_rng(1).normal(50, 10, 200)])
    check_tracers(other, ("d18O", "d2H", "chloride"))


def test_only_the_tracers_that_hang_together_are_named() -> None:
    x = _with_excess(_isotopes())
    x = np.column_stack([np.random.default_rng(2).normal(size=len(x)), x])
    with pytest.raises(InputRefused, match="tracers d18O, d2H, d_excess are"):
        check_tracers(x, ("chloride", *THREE))


@pytest.mark.parametrize(
    ("change", "tracers", "words"),
    [
        (lambda x: np.column_stack([x[:, 0], np.full(len(x), 7.1)]), ("d18O", "pH"), "tracer pH is constant"),
        (lambda x: x[:, [0, 0]], ("d18O", "d18O"), "d18O is given twice"),
        (lambda x: x[:, [0, 0]], ("d18O", "copy"), "d18O, copy are linearly dependent"),
        (lambda x: np.where(np.arange(len(x))[:, None] == 3, np.nan, x), ("d18O", "d2H"), "missing values"),
        (lambda x: x[:3], ("d18O", "d2H"), "at least 4 waters"),
    ],
)
def test_tracers_refused(change, tracers, words) -> None:
    with pytest.raises(InputRefused, match=words):
        check_tracers(change(_isotopes()), tracers)
    with pytest.raises(InputRefused, match=words):
        emma(change(_isotopes()), tracers=tracers)


def test_good_sources_pass(make_sources) -> None:
    check_sources(make_sources([[-8.0, 1.0], [-18.0, 2.0]], sd=1.0))


def test_sources_refused(make, make_sources) -> None:
    good = make_sources([[-8.0, 1.0], [-18.0, 2.0]], sd=1.0)
    with pytest.raises(InputRefused, match=r"one source: nothing to mix; .* only rain is there"):
        check_sources(stack([make([1.0], name="rain", sd=1.0)]))
    with pytest.raises(InputRefused, match="source 1: one water only, so its spread is unknown"):
        check_sources(replace(good, n=np.array([20, 1])))
    with pytest.raises(InputRefused, match="source 0: all 20 waters have the same t0"):
        check_sources(make_sources([[-8.0, 1.0], [-18.0, 2.0]], sd=[0.0, 1.0]))
    with pytest.raises(InputRefused, match="source 0: its mean or the error of it is missing"):
        check_sources(replace(good, mean=np.array([[np.nan, 1.0], [2.0, 3.0]])))
    with pytest.raises(InputRefused, match="a is given twice"):
        check_sources(replace(good, tracers=("a", "a")))


def test_dependent_tracers_are_refused_in_sources_and_in_the_solution() -> None:
    sources = [
        composition(_with_excess(_isotopes(n)) + shift, name=name, tracers=THREE)
        for n, name, shift in ((30, "rain", 0.0), (31, "ice", [-2.0, -26.0, -10.0]))
    ]
    for check in (
        check_sources,
        lambda s: solve_shares(composition(_with_excess(_isotopes(20)), name="soil", tracers=THREE), s),
    ):
        with pytest.raises(InputRefused, match="d18O, d2H, d_excess are linearly dependent"):
            check(stack(sources))
