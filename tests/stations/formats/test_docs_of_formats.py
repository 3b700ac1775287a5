"""The page on loggers names every format and reason, and its table of stations can be read."""

from __future__ import annotations

import re
from pathlib import Path

from headwater.stations.formats.message import Reason
from headwater.stations.read_logger_file import Format
from headwater.stations.read_network import STATION_KEYS, read_network

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "howto" / "loggers.md").read_text(encoding="utf-8")


def test_every_reason_and_format_is_named() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE))
    assert named == set(Reason)
    assert {form for form in Format if f"| `{form}` |" in PAGE} == set(Format)


def test_the_example_is_a_network(tmp_path: Path) -> None:
    example = PAGE.split("```\n[[station]]")[1].split("```")[0]
    path = tmp_path / "stations.toml"
    path.write_text("[[station]]" + example, encoding="utf-8")
    (station,) = read_network(path).stations
    assert station.id == "source/ridge"
    assert station.channels[0].depth_to_mm == 100
    assert set(STATION_KEYS) >= {"zone", "devices"}
