"""ZENTRA v4: values, record ids as versions, doubted readings, and damage of single items."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headwater.errors import InputRefused, UnitsUnclear
from headwater.stations.formats.message import Reason, Refusal
from headwater.stations.formats.zentra import parse, parse_message
from tests.stations.formats.make_messages import (
    NETWORK,
    STATION,
    adds_up,
    damaged,
    encoded,
    moist,
    refused_or_adds_up,
    table,
    zentra,
)

AT = "2024-06-01T00:10:00.000000"


def test_values_with_the_record_id_as_version() -> None:
    found = parse(encoded(zentra()), STATION)
    assert table(found.readings) == [("soil_moisture 0.40", AT, 0.213), ("soil_temperature 0.40", AT, 276.65)]
    assert found.readings.version.tolist() == [41, 41]
    assert (found.lines, found.used, found.left_out) == (3, 2, 1)
    assert [(one.column, one.action) for one in found.problems] == [("Battery Percent/7", "readings ignored")]


def test_a_message_gives_the_same_readings() -> None:
    found = parse_message(encoded(zentra()), "", NETWORK)
    assert table(found.readings) == table(parse(encoded(zentra()), STATION).readings)
    assert (found.device, found.station) == ("z6-00123", "source/ridge")


def test_a_doubted_reading_is_kept_flagged_and_says_why() -> None:
    doubted = moist(value=0.9, error_flag=True, error_description="sensor unplugged")
    found = parse(encoded(zentra(doubted, moist(value=None, timestamp_utc=1717201200))), STATION).readings
    assert found.value[:2].tolist()[0] == 0.9
    assert np.isnan(found.value[1])
    assert found.flags[:3].tolist() == [1 << 15, 1 << 15, 0]
    assert [found.said[says] for says in found.says] == ["sensor unplugged", "", ""]


@pytest.mark.parametrize(
    "wrong",
    [
        3,
        None,
        moist(timestamp_utc=None),
        moist(timestamp_utc=-1),
        moist(timestamp_utc="x"),
        moist(mrid="41"),
        moist(mrid=True),
        moist(value="0.2"),
        moist(value=True),
        moist(value=1e13),
        moist(error_flag=1),
    ],
)
def test_a_damaged_item_costs_only_itself(wrong: Any) -> None:
    found = parse(encoded(zentra(moist(), wrong)), STATION)
    assert adds_up(found)
    assert (found.used, found.left_out) == (2, 2)
    assert [one.line for one in found.problems] == [2, 4]


def test_units_of_the_source_are_checked() -> None:
    with pytest.raises(UnitsUnclear, match="kPa"):
        parse(encoded(zentra(units=" kPa")), STATION)
    found = parse_message(encoded(zentra(units=" kPa")), "", NETWORK)
    assert isinstance(found, Refusal)
    assert found.reason is Reason.WRONG_SHAPE


def test_another_device_is_refused() -> None:
    payload = encoded(zentra()).replace(b"z6-00123", b"z6-99999", 1)
    with pytest.raises(InputRefused, match="z6-99999"):
        parse(payload, STATION)
    found = parse_message(
        payload.replace(b"z6-99999", b"z6-00123", 1).replace(b"z6-00123", b"x", 1), "", NETWORK
    )
    assert isinstance(found, Refusal)


def test_damaged_files_are_refused_or_accounted_for() -> None:
    rng = np.random.default_rng(8)
    assert all(refused_or_adds_up(parse, damaged(encoded(zentra()), rng), STATION) for _ in range(1000))
