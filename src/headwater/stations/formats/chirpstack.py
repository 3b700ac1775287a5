"""ChirpStack v4: the event "up" of its JSON integration, over MQTT or HTTP.

The payload is protobuf in JSON, which omits zeros: an absent ``fCnt``, ``fPort`` or ``rssi`` is 0. The
decoded ``object`` omits nothing; a value that it does not name was not measured. Time and version of the
readings are the ``time`` at which the network received the frame, its identity is ``deduplicationId``.
Source: ChirpStack documentation, *Integrations, events*, v4.
"""

from __future__ import annotations

from typing import Any

from headwater.stations.formats.json_values import JsonRefused, instant, load_json, number, text_of, whole
from headwater.stations.formats.message import (
    Heard,
    Reason,
    Refusal,
    Taken,
    known_device,
    message_id,
    refused,
)
from headwater.stations.network import Network


def is_chirpstack(value: Any) -> bool:
    """Is this the content of an event of ChirpStack?"""
    return isinstance(value, dict) and isinstance(value.get("deviceInfo"), dict)


def parse_message(payload: bytes, topic: str, network: Network) -> Heard:
    """A message, or why it is refused.

    Parameters
    ----------
    topic : ``application/{id}/device/{devEui}/event/up``; empty where the payload came without one
    """
    try:
        return _parse(payload, topic, network)
    except JsonRefused as error:
        return refused(error, _of_topic(topic)[0])


def _of_topic(topic: str) -> tuple[str, str]:
    """Device and event that a topic names, whatever stands before them."""
    levels = topic.split("/")
    if len(levels) >= 4 and levels[-4] == "device" and levels[-2] == "event":
        return levels[-3], levels[-1]
    return "", ""


def _parse(payload: bytes, topic: str, network: Network) -> Heard:
    addressed, event = _of_topic(topic)
    if event and event != "up":
        return Refusal(Reason.NO_MEASUREMENT, f"event {event[:40]!r}", addressed)
    body = load_json(payload)
    if not is_chirpstack(body):
        return Refusal(Reason.WRONG_SHAPE, "no deviceInfo", addressed)
    device = text_of(body["deviceInfo"].get("devEui")) or addressed
    if addressed and device.casefold() != addressed.casefold():
        return Refusal(Reason.DEVICE_DIFFERS, f"{device[:40]!r}, topic {addressed[:40]!r}", addressed)
    known = known_device(network, [device])
    if isinstance(known, Refusal):
        return known
    counter = whole(body.get("fCnt"))
    decoded = body.get("object")
    if counter is None:
        return Refusal(Reason.WRONG_SHAPE, "fCnt is no whole number", known.device, known.station.id)
    if not isinstance(decoded, dict):
        found = "no object" if decoded is None else "object is no object"
        return Refusal(Reason.NO_VALUES, found, known.device, known.station.id)
    time = instant(body.get("time"))
    if time is None:
        return Refusal(Reason.NO_TIME, repr(body.get("time"))[:40], known.device, known.station.id)
    taken = Taken()
    taken.take(decoded, known.conversions, time, time)
    rssi, snr = strongest(body.get("rxInfo"))
    named = message_id("chirpstack", text_of(body.get("deduplicationId")), payload)
    return taken.message(
        known.device, known.station.id, time, named, rssi_dbm=rssi, snr_db=snr, counter=counter
    )


def strongest(heard: Any) -> tuple[float | None, float | None]:
    """Signal strength and signal-to-noise ratio at the gateway that heard a frame best; absent ones are 0."""
    gateways = [one for one in heard if isinstance(one, dict)] if isinstance(heard, list) else []
    signals = [(number(one.get("rssi", 0)), number(one.get("snr", 0))) for one in gateways]
    real = [(rssi, snr) for rssi, snr in signals if rssi is not None and snr is not None]
    return max(real) if real else (None, None)
