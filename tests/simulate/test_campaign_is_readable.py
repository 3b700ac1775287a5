"""The project's own reader takes a simulated table like any user's."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.samples import pool_parallels, read_samples
from headwater.simulate import simulate_campaign


@pytest.mark.parametrize("parallels", [False, True])
def test_every_header_and_kind_is_recognised(tmp_path: Path, parallels: bool) -> None:
    campaign = simulate_campaign(1, parallels=parallels)
    path = tmp_path / "campaign.csv"
    campaign.samples.to_csv(path, index=False, encoding="utf-8-sig")
    table = read_samples([path])
    assert table.unused_columns == ()
    assert table.rows_read == table.rows_used == len(campaign.samples)
    assert table.frame["kind"].value_counts().loc[lambda n: n > 0].to_dict() == {
        "soil_water": 2223 if parallels else 741, "precipitation": 375, "ground_ice": 143, "river": 676,
        "suprapermafrost": 416, "snow_melt": 100,
    }  # fmt: skip
    assert table.problems["found"].tolist() == ["2020-06-31"]
    assert table.frame["relative_humidity"].dropna().between(0, 1).all()
    assert len(pool_parallels(table)) == 2451
