"""EMMA: dimension of a mixing space and the residuals in it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from headwater.errors import InputRefused
from headwater.mixing import emma, project

TRACERS = ("Ca", "Mg", "Na", "K", "SO4")


def _stream(rng, n_members: int, *, n: int = 150, noise: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    members = rng.uniform(1, 10, (n_members, len(TRACERS)))
    waters = rng.dirichlet(np.ones(n_members), n) @ members
    return waters + noise * waters.std(axis=0) * rng.normal(size=waters.shape), members


def test_eigenvectors_and_scores_are_those_of_the_correlation_matrix() -> None:
    """Oracle: numpy's eigenvalues of the correlation matrix; Hooper 2003, step 1–3."""
    x, _ = _stream(np.random.default_rng(1), 3)
    found = emma(x, tracers=TRACERS)
    values, vectors = np.linalg.eigh(np.corrcoef(x.T))
    np.testing.assert_allclose(found.explained, values[::-1] / 5)
    for mine, theirs in zip(found.eigenvectors, vectors.T[::-1], strict=True):
        assert abs(mine @ theirs) == pytest.approx(1.0)
    z = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    v = vectors.T[::-1][:2]
    fitted = z @ v.T @ np.linalg.inv(v @ v.T) @ v * x.std(axis=0, ddof=1) + x.mean(axis=0)
    here = found.projections[1]
    np.testing.assert_allclose(here.residual, fitted - x, atol=1e-10)
    np.testing.assert_allclose(here.rrmse, np.sqrt(((fitted - x) ** 2).mean(axis=0)) / x.mean(axis=0))
    np.testing.assert_allclose(here.bias, 0.0, atol=1e-12)


def test_straight_line_structure_of_a_residual_is_built_in() -> None:
    """r² of residual against measured tracer is the residual's part of the variance, for pure noise too."""
    x = np.random.default_rng(2).normal(50, 5, (200, 4))
    here = emma(x, tracers=TRACERS[:4]).projections[1]
    for residual, tracer in zip(here.residual.T, x.T, strict=True):
        assert stats.pearsonr(residual, tracer).statistic ** 2 == pytest.approx(residual.var() / tracer.var())


@pytest.mark.parametrize("n_members", [2, 3, 4])
def test_number_of_end_members_of_linear_mixing_is_found(n_members) -> None:
    """Known truth; the noise is told, so a dimension too few leaves residuals that it cannot explain."""
    right = 0
    for seed in range(30):
        x, _ = _stream(np.random.default_rng(seed), n_members)
        found = emma(x, tracers=TRACERS, analytical_sd=0.05 * x.std(axis=0))
        right += found.n_end_members == n_members
    assert right >= 26


def test_residuals_of_linear_mixing_show_structure_in_five_of_a_hundred() -> None:
    p = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        line = rng.uniform(0, 1, 80)[:, None] * np.array([5.0, -3.0, 2.0, 4.0, 1.0]) + 10
        found = emma(line + 0.2 * rng.normal(size=line.shape), tracers=TRACERS)
        p.append(found.residual_p[0])
    assert 0.03 < np.mean(np.array(p) < 0.05) < 0.08


def test_a_tracer_that_does_not_mix_in_a_straight_line_needs_another_dimension() -> None:
    rng = np.random.default_rng(3)
    f = rng.uniform(0, 1, 120)
    x = np.column_stack([10 + 5 * f, 3 - 2 * f, 1 + 4 * f**2, 20 - 9 * f]) + 0.05 * rng.normal(size=(120, 4))
    found = emma(x, tracers=TRACERS[:4])
    assert found.rule_of_one == 1
    assert found.residual_p[0].min() < 1e-6
    assert found.n_end_members > 2
    assert "1: residual of" in found.reason


def test_two_isotopes_are_one_dimension_by_the_rule_of_one() -> None:
    rng = np.random.default_rng(4)
    d18o = rng.normal(-12, 3, 60)
    x = np.column_stack([d18o, 8 * d18o + 10 + rng.normal(0, 3, 60)])
    found = emma(x, tracers=("d18O", "d2H"))
    assert found.rule_of_one == 1
    assert found.n_end_members == 2
    assert found.reason.startswith("rule of one gives 1; 1: no structure")
    rows = found.rows()
    assert len(rows) == 4
    assert set(rows[0]) == {
        "dimension", "explained", "tracer", "rrmse", "bias", "residual_p", "n_end_members", "reason",
    }  # fmt: skip
    assert rows[-1]["explained"] == pytest.approx(1.0)


def test_true_end_members_lie_in_the_mixing_space_and_a_wrong_one_does_not(make_sources) -> None:
    x, members = _stream(np.random.default_rng(5), 3, noise=0.005)
    wrong = members[0] + np.array([3.0, -3.0, 3.0, -3.0, 3.0])
    found = emma(
        x,
        tracers=TRACERS,
        sources=make_sources([*members, wrong], sd=0.1, tracers=TRACERS),
        analytical_sd=0.005 * x.std(axis=0),
    )
    assert found.n_end_members == 3
    assert found.source_scores.shape == (4, 2)
    assert found.source_distance[:3, 1].max() < 0.05
    assert found.source_distance[3, 1] > 1.0
    np.testing.assert_allclose(found.source_distance[:, -1], 0.0)
    z = (members[0] - found.mean) / found.sd
    v = found.eigenvectors[:2]
    assert found.source_distance[0, 1] == pytest.approx(np.linalg.norm(z - z @ v.T @ v))


def test_another_stream_projected_into_the_space_shows_its_bias() -> None:
    x, members = _stream(np.random.default_rng(6), 3)
    space = emma(x, tracers=TRACERS)
    same = np.random.default_rng(7).dirichlet([1, 1, 1], 80) @ members
    other = same + np.array([0.0, 0.0, 2.0, 0.0, 0.0])
    ours, theirs = (project(y, space.mean, space.sd, space.eigenvectors, 2) for y in (same, other))
    assert np.abs(ours.bias).max() < 0.02
    assert theirs.bias[2] < -0.05
    assert theirs.rrmse[2] > 5 * ours.rrmse[2]


def test_refusals(make_sources) -> None:
    x, members = _stream(np.random.default_rng(8), 3)
    with pytest.raises(InputRefused, match="one tracer"):
        emma(x[:, :1], tracers=("Ca",))
    with pytest.raises(InputRefused, match="both need the same"):
        emma(x, tracers=TRACERS, sources=make_sources(list(members)))
