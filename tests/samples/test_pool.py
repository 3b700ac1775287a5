"""Parallels become one water with their spread and the error of their mean; nothing else is pooled."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.samples import ReadOptions, pool_parallels
from tests.samples.conftest import Reader

HEAD = "id,site,kind,date,depth (cm),rep,d18O,d2H,plot\n"


def test_three_parallels_a_layer_carry_their_error_and_spread(read: Reader) -> None:
    body = "".join(
        f"{10 * layer + rep},S1,soil,2020-06-03,{layer * 20}-{layer * 20 + 20},{rep},"
        f"{-12 - layer + 0.3 * rep},{-90 + rep},P1\n"
        for layer in range(2)
        for rep in (1, 2, 3)
    )
    waters = pool_parallels(read(HEAD + body, ReadOptions(analytical_sd={"d18O": 0.2, "d2H": 0.6})))
    assert waters["parallels"].tolist() == [3, 3]
    assert waters["d18O"].to_numpy() == pytest.approx([-11.4, -12.4])
    assert waters["d2H"].to_numpy() == pytest.approx([-88, -88])
    assert waters["d18O_sd"].to_numpy() == pytest.approx([0.2 / np.sqrt(3)] * 2)
    assert waters["d2H_sd"].to_numpy() == pytest.approx([0.6 / np.sqrt(3)] * 2)
    assert waters["d18O_spread"].to_numpy() == pytest.approx([0.3] * 2)
    assert waters["d_excess"].to_numpy() == pytest.approx(-88 + 8 * np.array([11.4, 12.4]))
    assert waters["row"].tolist() == [2, 5]


def test_unequal_analytical_errors_and_missing_values(read: Reader) -> None:
    text = "id,site,kind,d18O,d2H,d18O_sd\nW,S,river,-10,-70,0.3\nW,S,river,-11,,0.4\nX,S,river,-9,-60,0.1\n"
    waters = pool_parallels(read(text))
    assert waters["d18O_sd"].to_numpy() == pytest.approx([0.5 / 2, 0.1])
    assert waters["d2H"].tolist() == [-70, -60]
    assert waters["d2H_sd"].to_numpy() == pytest.approx([0.5, 0.5])
    assert waters["d2H_spread"].isna().all()


@pytest.mark.parametrize(
    ("a", "b", "pooled"),
    [
        ("W1,S1,river,2020-06-03,,,", "W1,S1,river,2020-06-03,,,", True),  # a vial measured again
        ("W1,S1,river,2020-06-03,,,", "W1,S1,river,2020-06-04,,,", False),  # an id used twice
        ("W1,S1,soil,2020-06-03,0-20,1,", "W2,S1,soil,2020-06-03,0-20,2,", True),  # replicates
        ("W1,S1,soil,2020-06-03,0-20,1,", "W2,S1,soil,2020-06-03,0-20,1,", False),  # a replicate twice
        ("W1,S1,soil,2020-06-03,0-20,1,", "W2,S1,soil,2020-06-03,20-40,2,", False),
        ("A-1,S1,soil,2020-06-03,0-20,1,", "B-2,S1,soil,2020-06-03,0-20,2,", False),  # two profiles
        ("A-1,S1,soil,2020-06-03,0-20,,", "A-2,S1,soil,2020-06-03,0-20,,", True),  # stem of the id
        ("A1a,S1,soil,2020-06-03,0-20,,", "A1b,S1,soil,2020-06-03,0-20,,", True),
        ("玛多(1),S1,soil,2020-06-03,0-20,,", "玛多(2),S1,soil,2020-06-03,0-20,,", True),
        ("A1,S1,soil,2020-06-03,0-20,,", "A2,S1,soil,2020-06-03,0-20,,", False),  # two numbers, no mark
        ("A-1,S1,rain,2020-06-03,,,", "A-2,S1,rain,2020-06-03,,,", False),  # two events
        ("A-1,S1,river,2020-06-03,,,", "A-2,S1,river,2020-06-03,,,", False),
        ("A-1,S1,soil,,0-20,,", "A-2,S1,soil,,0-20,,", False),  # no date
        ("A-1,S1,soil,2020-06-03,,,", "A-2,S1,soil,2020-06-03,,,", False),  # no depth
        (",S1,soil,2020-06-03,0-20,,", ",S1,soil,2020-06-03,0-20,,", False),  # no id
        ("A-1,S1,soil,2020-06-03,0-20,,P1", "A-2,S1,soil,2020-06-03,0-20,,P2", False),  # another plot
    ],
)
def test_what_is_pooled(read: Reader, a: str, b: str, pooled: bool) -> None:
    def row(text: str, values: str) -> str:
        start, _, plot = text.rpartition(",")
        return f"{start},{values},{plot}\n"

    table = read(HEAD + row(a, "-12,-90") + row(b, "-11,-80"), ReadOptions(keep=("plot",)))
    waters = pool_parallels(table)
    assert len(waters) == (1 if pooled else 2)
    assert waters["parallels"].sum() == 2


def test_numbered_ids_stay_apart_where_asked(read: Reader) -> None:
    start = ",S1,soil,2020-06-03,0-20,,"
    body = f"A-1{start}-12,-90,\nA-2{start}-11,-80,\nA-2{start}-10,-75,\n"
    table = read(HEAD + body)
    assert pool_parallels(table)["parallels"].tolist() == [3]
    assert pool_parallels(table, parallels="replicate")["parallels"].tolist() == [1, 2]
    assert pool_parallels(table, parallels="none")["parallels"].tolist() == [1, 1, 1]


def test_pooling_keeps_every_vial_and_the_mean(read: Reader) -> None:
    rng = np.random.default_rng(3)
    body = "".join(
        f"{rng.integers(1, 9)}-{rng.integers(1, 4)},S{rng.integers(1, 3)},{rng.choice(['soil', 'rain'])},"
        f"2020-06-0{rng.integers(1, 4)},"
        f"{rng.choice(['0-20', '20-40', ''])},{rng.choice(['', '1', '2'])},{x:.3f},{8 * x + 8:.2f},\n"
        for x in rng.normal(-12, 2, 200)
    )
    table = read(HEAD + body)
    waters = pool_parallels(table)
    assert waters["parallels"].sum() == table.rows_used
    weighted = np.average(waters["d18O"], weights=waters["parallels"])
    assert weighted == pytest.approx(table.frame["d18O"].mean())
    assert list(waters["row"]) == sorted(waters["row"])
