"""Reference cases of MixSIAR and simmr: the numbers that others got, within 4 combined Monte Carlo errors.

The tables, and what other programs made of them, are reference data beside the project.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.mixing_agreement import RECORDED, compare_with_peer, compare_with_record, worst
from benchmarks.mixing_cases import CASES
from benchmarks.mixing_peer import MISSING, interpreter, run_peer
from headwater.mixing.bayes.batch import fit_each, split
from headwater.mixing.bayes.fit import fit
from headwater.mixing.bayes.summary import share_rows


@pytest.mark.parametrize("name", RECORDED)
def test_agrees_with_the_record_in_means_sds_and_quantiles(shared: Path, name: str) -> None:
    """killerwhale: importance sampling of 12 million prior draws, ESS 2039; simmr 1: JAGS, ESS 2783."""
    found = fit(CASES[name].model())
    assert found.trusted
    deviations = compare_with_record(name, found)
    assert len(deviations) == {"killerwhale": 35, "simmr 1": 30}[name]
    label, off, limit = worst(deviations)
    assert off <= limit, f"{label}: off by {off:.4f}, {limit:.4f} allowed"


def test_the_comparison_sees_a_wrong_prior(shared: Path) -> None:
    """Weights of 2 instead of 1 move the killer whales' shares by more than chance allows."""
    model = replace(CASES["killerwhale"].model(), prior=(2.0,) * 5)
    _, off, limit = worst(compare_with_record("killerwhale", fit(model)))
    assert off > 1.5 * limit


def test_order_of_sources_does_not_matter(shared: Path) -> None:
    """simmr 1 with its sources turned round gives the same shares by name."""
    model = CASES["simmr 1"].model()
    sources = model.sources
    assert sources.concentration is not None
    assert sources.discrimination is not None
    assert sources.discrimination_sd is not None
    turned = replace(
        sources,
        names=sources.names[::-1],
        mean=sources.mean[:, ::-1],
        covariance=sources.covariance[:, ::-1],
        n=sources.n[:, ::-1],
        concentration=sources.concentration[:, ::-1],
        discrimination=sources.discrimination[::-1],
        discrimination_sd=sources.discrimination_sd[::-1],
    )
    ours, theirs = fit(model), fit(replace(model, sources=turned))
    rows = {row["source"]: row for row in share_rows(theirs)}
    for row in share_rows(ours):
        other = rows[row["source"]]
        assert abs(row["mean"] - other["mean"]) < max(4 * np.hypot(row["mcse"], other["mcse"]), 0.005)


@pytest.mark.parametrize("name", ["simmr 2", "simmr solo"])
def test_cases_without_record_can_be_trusted(shared: Path, name: str) -> None:
    found = fit(CASES[name].model())
    assert found.trusted
    assert found.diagnosis.divergent == 0


def test_geese_by_period_one_by_one(shared: Path) -> None:
    """simmr's geese: eight groups, each by itself; grass takes over from Zostera with the winter."""
    case = CASES["simmr geese"]
    assert case.group is not None
    fits = fit_each(split(case.model(), case.group))
    assert len(fits) == 8
    assert all(group.trusted for group in fits.values())
    shares = [{row["source"]: row["mean"] for row in group.shares} for group in fits.values()]
    assert shares[0]["Zostera"] > 0.4 > 0.2 > shares[0]["Grass"]
    assert shares[7]["Grass"] > 0.7 > 0.1 > shares[7]["Zostera"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wolves", "geese"])
def test_agrees_with_the_unmarginalised_model_in_pymc(shared: Path, tmp_path: Path, name: str) -> None:
    """Every proportion, 36 of them, beside PyMC + nutpie with nothing integrated out."""
    if interpreter() is None:
        pytest.skip(MISSING)
    model = CASES[name].model()
    found = fit(model)
    assert found.trusted
    deviations = compare_with_peer(found, run_peer(model, tmp_path, seed=1))
    assert len(deviations) == 36
    label, off, limit = worst(deviations)
    assert off <= limit, f"{label}: off by {off:.4f}, {limit:.4f} allowed"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wolves", {"Deer": 0.517, "Salmon": 0.270, "Marine Mammals": 0.213}),
        ("geese", {"Enteromorpha": 0.080, "Grass": 0.124, "U.lactuca": 0.219, "Zostera": 0.578}),
    ],
)
@pytest.mark.slow
def test_agrees_with_shares_that_pymc_gave(shared: Path, name: str, expected: dict[str, float]) -> None:
    """Our own run of PyMC 5.28 + nutpie 0.16 (benchmarks/peers, seed 1): least ESS 1120 and 709."""
    found = fit(CASES[name].model())
    assert found.trusted
    rows = {row["source"]: row for row in share_rows(found) if not row["factor"]}
    for source, mean in expected.items():
        error = np.hypot(rows[source]["mcse"], rows[source]["sd"] / np.sqrt(700))
        assert abs(rows[source]["mean"] - mean) < max(4 * error, 0.005)
