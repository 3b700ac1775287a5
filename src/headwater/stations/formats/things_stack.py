"""The Things Stack v3: uplink messages of its MQTT server, webhooks and storage integration.

Empty fields are omitted: an absent ``f_cnt``, ``f_port`` or ``rssi`` is 0. The decoded payload omits
nothing; a value that it does not name was not measured. Its MQTT server sends without acknowledgement (QoS
0), so messages that were lost are fetched from the storage integration: identity is session and frame
counter, the same on both ways, time and version are ``received_at`` of the network server.
Source: The Things Stack documentation, *Data formats* and *MQTT server*, v3.
"""

from __future__ import annotations

from typing import Any

from headwater.stations.formats.chirpstack import strongest
from headwater.stations.formats.json_values import (
    JsonRefused,
    inner,
    instant,
    load_json,
    number,
    text_of,
    whole,
)
from headwater.stations.formats.message import (
    Heard,
    Reason,
    Refusal,
    Taken,
    known_device,
    message_id,
    refused,
)
from headwater.stations.network import Known, Network


def is_things_stack(value: Any) -> bool:
    """Is this an uplink message, or one in the envelope of the storage integration?"""
    if isinstance(value, dict) and set(value) == {"result"}:
        value = value["result"]
    return isinstance(value, dict) and isinstance(value.get("end_device_ids"), dict)


def parse_message(payload: bytes, topic: str, network: Network) -> Heard:
    """A message, or why it is refused.

    A station names a device by its EUI, by "application/device", or by its device id alone.

    Parameters
    ----------
    topic : ``v3/{application}@{tenant}/devices/{device}/up``; empty where the payload came without one
    """
    try:
        return _parse(payload, topic, network)
    except JsonRefused as error:
        return refused(error, _of_topic(topic)[0])


def _of_topic(topic: str) -> tuple[str, str]:
    levels = topic.split("/", 4)
    if len(levels) == 5 and levels[0] == "v3" and levels[2] == "devices":
        return levels[3], levels[4]
    return "", ""


def _parse(payload: bytes, topic: str, network: Network) -> Heard:
    addressed, event = _of_topic(topic)
    if event and event != "up":
        return Refusal(Reason.NO_MEASUREMENT, f"event {event[:40]!r}", addressed)
    body = load_json(payload)
    if not is_things_stack(body):
        return Refusal(Reason.WRONG_SHAPE, "no end_device_ids", addressed)
    body = body["result"] if set(body) == {"result"} else body
    ids, uplink = body["end_device_ids"], inner(body, "uplink_message")
    name, application = (
        text_of(ids.get("device_id")),
        text_of(inner(ids, "application_ids").get("application_id")),
    )
    if addressed and name and name != addressed:
        return Refusal(Reason.DEVICE_DIFFERS, f"{name[:40]!r}, topic {addressed[:40]!r}", addressed)
    name = name or addressed
    known = known_device(
        network, [text_of(ids.get("dev_eui")), f"{application}/{name}" if name else "", name]
    )
    if isinstance(known, Refusal):
        return known
    if not uplink:
        return Refusal(Reason.NO_MEASUREMENT, "no uplink_message", known.device, known.station.id)
    return _uplink(payload, body, uplink, known)


def _uplink(payload: bytes, body: dict[str, Any], uplink: dict[str, Any], known: Known) -> Heard:
    device, station = known.device, known.station.id
    counter = whole(uplink.get("f_cnt"))
    if counter is None:
        return Refusal(Reason.WRONG_SHAPE, "f_cnt is no whole number", device, station)
    decoded = uplink.get("decoded_payload")
    if not isinstance(decoded, dict):
        found = "no decoded_payload" if decoded is None else "decoded_payload is no object"
        return Refusal(Reason.NO_VALUES, found, device, station)
    time = instant(uplink.get("received_at") or body.get("received_at"))
    if time is None:
        return Refusal(Reason.NO_TIME, repr(uplink.get("received_at"))[:40], device, station)
    taken = Taken()
    taken.take(decoded, known.conversions, time, time)
    rssi, snr = strongest(uplink.get("rx_metadata"))
    session = text_of(uplink.get("session_key_id"))
    named = message_id("things-stack", f"{device}/{session}/{counter}" if session else "", payload)
    said = inner(uplink, "last_battery_percentage")
    battery = number(said.get("value", 0)) if said else None
    return taken.message(
        device, station, time, named, rssi_dbm=rssi, snr_db=snr, battery_percent=battery, counter=counter
    )
