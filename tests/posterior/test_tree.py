"""Draws as ArviZ reads them: in memory, in a file, and through its own statistics."""

from __future__ import annotations

import json

import numpy as np
import pytest

from headwater.posterior.convergence import convergence
from headwater.posterior.records import Chains
from headwater.posterior.tree import Tree, plain_name, sample_stats, to_datatree
from headwater.posterior.write_tree import read_netcdf, write_netcdf

xarray = pytest.importorskip("xarray")
pytest.importorskip("h5py")

SOURCES, PERIODS = ("降水", "ground ice", "δ snow"), ("June", "August")


def some_chains(shape=(4, 200)):
    rng = np.random.default_rng(1)
    floats = rng.normal(size=(4, *shape))
    depth = rng.integers(1, 6, shape)
    return Chains(
        rng.normal(size=(*shape, 2)),
        *floats,
        depth * 2,
        depth,
        depth == 5,
        np.zeros(shape[0], np.int64),
        False,
        1.5,
        (),
    )


def some_tree(shape=(4, 200)):
    rng, chains = np.random.default_rng(2), some_chains(shape)
    share = rng.dirichlet([1, 2, 3], (*shape, 2))
    return Tree(
        groups={
            "posterior": {
                "share": (("chain", "draw", "period", "source"), share),
                "slope": (("chain", "draw"), chains.positions[..., 0]),
            },
            "sample_stats": sample_stats(chains, deepest=5),
            "prior": {"share": (("chain", "draw", "source"), rng.dirichlet([1, 1, 1], (1, 500)))},
            "observed_data": {"values": (("mixture", "tracer"), rng.normal(size=(7, 2)))},
            "constant_data": {
                "present": (("source",), np.array([True, False, True])),
                "n": ((), np.array(3)),
            },
        },
        labels={"source": SOURCES, "period": PERIODS, "tracer": ("d18O", "d2H")},
        attributes={"seed": 3, "model": {"sources": list(SOURCES)}, "created_by": "headwater"},
    )


def test_groups_have_chain_draw_and_labels():
    tree = to_datatree(some_tree())
    share = tree["posterior/share"]
    assert share.dims == ("chain", "draw", "period", "source")
    assert float(share.sel(source="降水", period="August").mean()) == pytest.approx(1 / 6, abs=0.02)
    assert tree["prior"].sizes["draw"] == 500 and tree["posterior"].sizes["draw"] == 200
    assert json.loads(tree.attrs["model"]) == {"sources": list(SOURCES)} and tree.attrs["seed"] == 3


def test_the_file_is_what_xarray_itself_would_read(tmp_path):
    tree = some_tree()
    write_netcdf(tree, tmp_path / "posterior.nc")
    found, expected = read_netcdf(tmp_path / "posterior.nc"), to_datatree(tree)
    assert found.attrs == expected.attrs and set(found.children) == set(expected.children)
    for group in expected.children:
        xarray.testing.assert_equal(found[group].to_dataset(), expected[group].to_dataset())
        for name, variable in expected[group].data_vars.items():
            assert found[group][name].dtype == variable.dtype, name
    assert [path.name for path in tmp_path.iterdir()] == ["posterior.nc"]


def test_a_file_written_by_xarray_holds_the_same(tmp_path):
    """Oracle: the writer of xarray, on the same tree."""
    tree = some_tree()
    write_netcdf(tree, tmp_path / "ours.nc")
    to_datatree(tree).to_netcdf(tmp_path / "theirs.nc", engine="h5netcdf")
    ours, theirs = read_netcdf(tmp_path / "ours.nc"), read_netcdf(tmp_path / "theirs.nc")
    for group in theirs.children:
        xarray.testing.assert_equal(ours[group].to_dataset(), theirs[group].to_dataset())


def test_no_draws_at_all_can_be_written(tmp_path):
    write_netcdf(some_tree((4, 0)), tmp_path / "empty.nc")
    assert read_netcdf(tmp_path / "empty.nc")["posterior"].sizes["draw"] == 0


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    path = tmp_path / "posterior.nc"
    path.write_text("old")
    broken = Tree({"posterior": {"x": (("chain", "draw"), np.array([[object()]]))}})
    with pytest.raises(TypeError):
        write_netcdf(broken, path)
    assert path.read_text() == "old" and [file.name for file in tmp_path.iterdir()] == ["posterior.nc"]


@pytest.mark.parametrize(
    ("variables", "match"),
    [
        ({"x": (("chain",), np.zeros((4, 2)))}, "names of 1"),
        ({"x": (("chain", "source"), np.zeros((4, 2)))}, "wanted 3"),
        ({"x": (("chain",), np.zeros(4)), "y": (("chain",), np.zeros(3))}, "3 along chain"),
        ({"a/b": (("chain",), np.zeros(4))}, "name of a variable"),
        ({"source": (("source",), np.zeros(3))}, "name of a variable"),
    ],
)
def test_what_does_not_fit_is_refused_at_once(variables, match):
    with pytest.raises(ValueError, match=match):
        Tree({"posterior": variables}, labels={"source": SOURCES})


def test_names_of_users_become_names_of_variables():
    assert [plain_name(text) for text in ("Pack / Region", " a ", "", "深度")] == [
        "Pack _ Region",
        "a",
        "_",
        "深度",
    ]


def test_arviz_stats_works_on_the_tree(tmp_path):
    """Summary of ArviZ on the file against our own numbers; needs its labelled layer."""
    pytest.importorskip("arviz_base")
    import arviz_stats

    tree = some_tree()
    write_netcdf(tree, tmp_path / "posterior.nc")
    found = read_netcdf(tmp_path / "posterior.nc")
    summary = arviz_stats.summary(found, round_to="none")
    ours = convergence(tree.groups["posterior"]["share"][1].reshape(4, 200, 6))
    np.testing.assert_allclose(summary["r_hat"][:6].astype(float), ours.rhat)
    np.testing.assert_allclose(summary["ess_bulk"][:6].astype(float), ours.ess_bulk)
    np.testing.assert_allclose(arviz_stats.ess(found, method="bulk")["share"].values.ravel(), ours.ess_bulk)
    assert arviz_stats.bfmi(found) is not None
