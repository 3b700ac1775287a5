"""What names and headers of files of the International Soil Moisture Network (ISMN) say.

A file is called CSE_NETWORK_STATION_VARIABLE_FROM_TO_SENSOR_START_END.stm; blanks and underscores of names
are hyphens there, and each part may hold further underscores. Its header, or in a CEOP file every line, says
``CSE network station latitude longitude elevation from to sensor`` with blanks between; names of stations and
sensors may hold blanks too. Source: Readme.txt of a download (ismn.earth).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from headwater.stations.network import DEEPEST_M, HIGHEST_M
from headwater.stations.read_variables import by_ismn_code, variables
from headwater.stations.series import Series, Station, millimetres, station_id
from headwater.stations.variables import Variable

NO_ALTITUDE = ("nan", "none", "null", "-", "-9999", "-9999.0", "-9999.00", "-99.9", "-99.90")
EXPECTED_PLACE = (
    "CSE, network, station, latitude (±90), longitude (±180), elevation (±9000 m), "
    f"depth from and to (−{HIGHEST_M:g} to {DEEPEST_M:g} m), with blanks between"
)
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d{0,12})?", re.ASCII)
_TOKEN = re.compile(r"[^ \t]+")
_FILE = re.compile(
    r"(?P<who>.+)_(?P<variable>[A-Za-z-]+)_(?P<top>-?\d+\.\d+)_(?P<bottom>-?\d+\.\d+)"
    r"(?:_(?P<sensor>.*))?_(?P<start>\d{8})_(?P<end>\d{8})\.stm",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_MOST_NAME = 500


@dataclass(frozen=True)
class FileName:
    """What the name of a file says.

    Attributes
    ----------
    who : CSE_NETWORK_STATION, as the name of the file of static variables begins
    variable : None where its code is not known
    depth_from_mm, depth_to_mm : whole millimetres, positive downwards
    sensor : empty where the name has none
    """

    who: str
    variable: Variable | None
    depth_from_mm: int
    depth_to_mm: int
    sensor: str


@dataclass(frozen=True)
class Place:
    """What a header says; attributes as those of ``Station`` and ``Series``."""

    cse: str
    network: str
    station: str
    latitude: float
    longitude: float
    altitude_m: float | None
    depth_from_mm: int
    depth_to_mm: int
    sensor: str = ""

    def series(self, variable: Variable, sensor: str) -> Series:
        """The series of a variable here; ``sensor`` where the place names none."""
        name = station_id(self.network, self.station)
        return Series(name, variable.name, self.depth_from_mm, self.depth_to_mm, self.sensor or sensor)

    def described(self) -> Station:
        """The station."""
        return Station(
            id=station_id(self.network, self.station),
            network=self.network,
            name=self.station,
            latitude=self.latitude,
            longitude=self.longitude,
            altitude_m=self.altitude_m,
            zone="UTC",
        )


def parse_file_name(name: str) -> FileName | None:
    """Parts of the name of a file, without or with folders before it; None where it is built otherwise."""
    plain = name.replace("\\", "/").rpartition("/")[2]
    found = _FILE.fullmatch(plain) if len(plain) <= _MOST_NAME else None
    if not found:
        return None
    top, bottom = float(found["top"]), float(found["bottom"])
    if max(abs(top), abs(bottom)) > 1e6:
        return None
    return FileName(
        who=found["who"],
        variable=variable_of(found["variable"]),
        depth_from_mm=millimetres(top),
        depth_to_mm=millimetres(bottom),
        sensor=found["sensor"] or "",
    )


def variable_of(code: str) -> Variable | None:
    """The variable of a code such as "sm", or of a name as older downloads have it ("Soil-Moisture")."""
    return by_ismn_code().get(code) or variables().get(code.lower().replace("-", "_"))


def split_place(text: str) -> tuple[Place, int] | None:
    """The place that a text begins with, without a sensor, and where it ends; None where it begins with none.

    The five numbers are looked for behind the third word. Where a name or a sensor holds numbers of its own,
    more than one place may be read out of it: coordinates with five decimals, as the ISMN prints them,
    decide, else the first.
    """
    tokens = list(_TOKEN.finditer(text))
    words = [token.group() for token in tokens]
    chosen = None
    for at in range(3, len(words) - 4):
        numbers = _numbers(words[at : at + 5])
        if numbers is None:
            continue
        exact = all(len(word.partition(".")[2]) == 5 for word in words[at : at + 2])
        if chosen is None or exact:
            chosen = at, numbers
        if exact:
            break
    if chosen is None:
        return None
    at, (latitude, longitude, altitude, top, bottom) = chosen
    name = text[tokens[2].start() : tokens[at - 1].end()]
    if not (words[0] + words[1] + name).isprintable():
        return None
    place = Place(
        words[0], words[1], name, latitude, longitude, altitude, millimetres(top), millimetres(bottom)
    )
    return place, tokens[at + 4].end()


def header_place(text: str) -> Place | None:
    """The place of a header; None where a line is none."""
    split = split_place(text.strip(" \t"))
    if split is None:
        return None
    place, end = split
    sensor = text.strip(" \t")[end:].strip(" \t")
    if not sensor.isprintable():
        return None
    return replace(place, sensor=sensor)


def _numbers(words: Sequence[str]) -> tuple[float, float, float | None, float, float] | None:
    """Latitude, longitude, altitude and depths; None where they are none that are possible."""
    for at, word in enumerate(words):
        if not (_NUMBER.fullmatch(word) or (at == 2 and word.lower() in NO_ALTITUDE)):
            return None
    latitude, longitude, top, bottom = (float(words[at]) for at in (0, 1, 3, 4))
    altitude = None if words[2].lower() in NO_ALTITUDE else float(words[2])
    if abs(latitude) > 90 or abs(longitude) > 180 or (altitude is not None and abs(altitude) > 9000):
        return None
    if min(top, bottom) < -HIGHEST_M or max(top, bottom) > DEEPEST_M:
        return None
    return latitude, longitude, altitude, top, bottom
