"""Stations, their series, and the channels by which fields of a source become series: frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Series(NamedTuple):
    """What identifies a series of readings; two sources that agree in all fields feed the same one.

    Attributes
    ----------
    station : identity of the station, as ``Station.id``
    variable : a name of ``data/station_variables.toml``
    depth_from_mm, depth_to_mm : top and bottom of the measured layer, whole millimetres, positive downwards
        (a sensor 2 m above ground: −2000); both None where depth means nothing
    sensor : its name; empty where it is not known
    """

    station: str
    variable: str
    depth_from_mm: int | None = None
    depth_to_mm: int | None = None
    sensor: str = ""

    @property
    def depth(self) -> str:
        """Depth in metres, such as "0.05" or "0.00–0.19"; empty where there is none."""
        if self.depth_from_mm is None or self.depth_to_mm is None:
            return ""
        top, bottom = f"{self.depth_from_mm / 1000:.2f}", f"{self.depth_to_mm / 1000:.2f}"
        return top if top == bottom else f"{top}–{bottom}"


@dataclass(frozen=True)
class Channel:
    """How one field of what a station sends becomes a series.

    Attributes
    ----------
    field : name of a column, key of a payload, or place in a reply, as the source calls it
    variable, depth_from_mm, depth_to_mm, sensor : of the series
    units : of the numbers that are sent; empty where the source states its unit
    factor, offset : calibration, value = factor · number + offset in ``units``
    """

    field: str
    variable: str
    depth_from_mm: int | None = None
    depth_to_mm: int | None = None
    sensor: str = ""
    units: str = ""
    factor: float = 1.0
    offset: float = 0.0

    def series(self, station: str) -> Series:
        """The series that this channel of a station feeds."""
        return Series(station, self.variable, self.depth_from_mm, self.depth_to_mm, self.sensor)


@dataclass(frozen=True)
class Station:
    """A place where sensors stand.

    Attributes
    ----------
    id : "network/name", or the name alone where there is no network
    network, name : as the operator calls them
    latitude, longitude : degrees, WGS 84; None where not known
    altitude_m : above sea level; None where not known
    zone : of the clock of its logger: "UTC", "+08:00" or a name such as "Asia/Shanghai"; empty: not stated,
        so that times without a zone are refused
    devices : identifiers by which its messages name it (device EUI, device id, serial number of a logger)
    channels : how its fields become series
    vegetation, aspect, slope_deg : of its site; empty and None where not known
    """

    id: str
    network: str = ""
    name: str = ""
    latitude: float | None = None
    longitude: float | None = None
    altitude_m: float | None = None
    zone: str = ""
    devices: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    vegetation: str = ""
    aspect: str = ""
    slope_deg: float | None = None


def station_id(network: str, name: str) -> str:
    """Identity of a station from its network and name."""
    return f"{network}/{name}" if network else name


def millimetres(metres: float) -> int:
    """A depth in whole millimetres."""
    return round(1000.0 * metres)
