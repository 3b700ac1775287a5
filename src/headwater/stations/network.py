"""The network: its stations, checked as a whole, and whose device a message comes from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from headwater.errors import HeadwaterError, SettingsRefused
from headwater.stations.clock import clock_zone
from headwater.stations.formats.channels import Conversion, conversion, field_conversions
from headwater.stations.read_variables import variables
from headwater.stations.series import Channel, Station

DEEPEST_M, HIGHEST_M = 1000.0, 500.0
_DASHES = re.compile(r"[0-9A-Fa-f]{2}(?:[-:][0-9A-Fa-f]{2}){7}")


@dataclass(frozen=True)
class Known:
    """What is known of a device: the name by which it was found, its station, and how its fields convert.

    ``conversions`` holds for each field its conversion, or a text that says why it has none.
    """

    device: str
    station: Station
    conversions: Mapping[str, Conversion | str]


@dataclass(frozen=True)
class Network:
    """Stations of a network; make it with ``check_network``."""

    stations: tuple[Station, ...] = ()

    def station(self, id: str) -> Station | None:
        """The station of this identity."""
        return self._by_id.get(id)

    def device(self, name: str) -> Known | None:
        """Whose device this is; case and the dashes of an EUI do not matter."""
        return self._by_device.get(name) or self._by_device.get(plain_device(name))

    @cached_property
    def _by_id(self) -> dict[str, Station]:
        return {one.id: one for one in self.stations}

    @cached_property
    def _by_device(self) -> dict[str, Known]:
        found = {}
        for station in self.stations:
            conversions = field_conversions(station)
            for device in map(plain_device, station.devices):
                found[device] = Known(device, station, conversions)
        return found


def plain_device(name: str) -> str:
    """An identifier as it is compared: without case, an EUI without its dashes or colons."""
    name = name.strip()
    return (re.sub("[-:]", "", name) if _DASHES.fullmatch(name) else name).casefold()


def check_network(stations: Iterable[Station], *, where: str = "network") -> Network:
    """The stations as a network.

    Parameters
    ----------
    where : file, for messages

    Raises
    ------
    SettingsRefused
        Something is wrong; the message names every station and channel, up to ten.
    """
    all_stations = tuple(stations)
    wrong = [fault for station in all_stations for fault in _station_faults(station)]
    wrong += _twice("station", [one.id for one in all_stations])
    wrong += _twice("device", [plain_device(device) for one in all_stations for device in one.devices])
    if wrong:
        more = f"\n… and {len(wrong) - 10} more" if len(wrong) > 10 else ""
        listed = "\n".join(f"  {fault}" for fault in wrong[:10])
        raise SettingsRefused(
            f"{where}: {len(wrong)} fault(s) in the table of stations:\n{listed}{more}\nCorrect them."
        )
    return Network(all_stations)


def _twice(what: str, names: list[str]) -> list[str]:
    again = sorted(name for name, many in Counter(names).items() if many > 1)
    return [f"{what} {name!r} comes more than once; each must be the only one of its name" for name in again]


def _station_faults(station: Station) -> list[str]:
    called = f"station {station.id!r}"
    faults = []
    if not station.name.strip() or not station.id.isprintable():
        faults.append(f"{called}: its name is empty or not printable; give it one")
    limits = (("latitude", station.latitude, 90.0), ("longitude", station.longitude, 180.0))
    for name, value, most in (*limits, ("altitude_m", station.altitude_m, 9000.0)):
        if value is not None and not abs(value) <= most:
            faults.append(f"{called}: {name} {value:g}; allowed is −{most:g} to {most:g}")
    if (station.latitude is None) != (station.longitude is None):
        faults.append(f"{called}: latitude and longitude must both be given, or neither")
    if station.zone:
        try:
            clock_zone(station.zone, where=called)
        except SettingsRefused as error:
            faults.append(str(error))
    if "" in map(plain_device, station.devices):
        faults.append(f"{called}: an empty device; leave it out")
    faults += [fault for channel in station.channels for fault in _channel_faults(channel, called)]
    faults += [f"{called}: {text}" for text in _twice("field", [one.field for one in station.channels])]
    series = [str(tuple(one.series(station.id))[1:]) for one in station.channels]
    return faults + [f"{called}: {text}" for text in _twice("series", series)]


def _channel_faults(channel: Channel, called: str) -> list[str]:
    place = f"{called}, channel {channel.field!r}"
    faults = [] if channel.field.strip() else [f"{place}: its field is empty; name the column or key"]
    if channel.variable not in variables():
        return [*faults, f"{place}: variable {channel.variable!r}; allowed are {', '.join(variables())}"]
    top, bottom = channel.depth_from_mm, channel.depth_to_mm
    if (top is None) != (bottom is None) or (top is not None and bottom is not None and top > bottom):
        faults.append(
            f"{place}: depths {top} to {bottom} mm; give both, the upper first (positive downwards)"
        )
    elif top is not None and bottom is not None and (top < -HIGHEST_M * 1000 or bottom > DEEPEST_M * 1000):
        faults.append(f"{place}: depths {top} to {bottom} mm; allowed are −{HIGHEST_M:g} to {DEEPEST_M:g} m")
    if not (0 < abs(channel.factor) < 1e9 and abs(channel.offset) < 1e9):
        faults.append(f"{place}: factor {channel.factor:g}, offset {channel.offset:g}; finite, factor not 0")
    if channel.units:
        try:
            conversion(channel, "", where=place)
        except HeadwaterError as error:
            faults.append(str(error))
    return faults
