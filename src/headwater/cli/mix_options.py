"""What the texts of the options of ``headwater mix`` mean. Loads nothing heavy."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, get_args

from headwater.errors import SettingsRefused
from headwater.mixing.bayes.model import Absent, Elicited, Error, Evaporation, Factor, Form, Style
from headwater.mixing.tables.names import find_name, listed, nearest

FACTOR = re.compile(r"^(?P<name>.+?):(?P<kind>fixed|random)(?::(?P<parent>.+))?$")
PLUS_MINUS = re.compile(r"\s*(?:±|\+/-|\+-)\s*")
FLAGS = {"slope_by_level"}
LISTS = {"effects"}


def factors(texts: Sequence[str]) -> tuple[Factor, ...]:
    """Factors out of ``NAME:fixed|random[:PARENT]``.

    Raises
    ------
    SettingsRefused
    """
    found: list[Factor] = []
    for text in texts:
        match = FACTOR.match(text.strip())
        if match is None:
            raise SettingsRefused(
                f"--factor {text!r}: expected is NAME:fixed or NAME:random, with :PARENT behind it where the "
                "factor is nested, as in --factor Region:random --factor Pack:random:Region."
            )
        kind: Any = match["kind"]
        found.append(Factor(match["name"], kind, match["parent"]))
    names = [one.name for one in found]
    for one in found:
        if names.count(one.name) > 1:
            raise SettingsRefused(
                f"--factor {one.name!r} is given twice; each factor is allowed once. Drop one."
            )
        if one.parent is not None and one.parent not in names:
            raise SettingsRefused(
                f"--factor {one.name!r} is nested in {one.parent!r}, which is no factor of the model; "
                f"expected is one of {listed([name for name in names if name != one.name])}. Add --factor "
                f"{one.parent}:random."
            )
    return tuple(found)


def interactions(texts: Sequence[str], known: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Interactions out of ``A:B``; each part is a factor or covariate of the model.

    Raises
    ------
    SettingsRefused
    """
    found = []
    for text in texts:
        parts = [part.strip() for part in re.split(r"[:×*]", text)]
        names = [find_name(part, known) for part in parts]
        if len(parts) < 2 or None in names or len(set(names)) < len(names):
            raise SettingsRefused(
                f"--interaction {text!r}: expected are two names with a colon between them, each a --factor "
                f"or --covariate of the model ({listed(known)}), as in --interaction Region:Length."
            )
        found.append(tuple(name for name in names if name is not None))
    return tuple(found)


def absences(texts: Sequence[str]) -> tuple[Absent, ...]:
    """Structural zeros out of ``SOURCE@FACTOR=LEVEL,LEVEL``.

    Raises
    ------
    SettingsRefused
    """
    found = []
    for text in texts:
        match = re.match(r"^(?P<source>.+)@(?P<factor>[^=@]+)=(?P<levels>.+)$", text)
        levels = [level.strip() for level in match["levels"].split(",")] if match else []
        if match is None or not all(levels):
            raise SettingsRefused(
                f"--absent {text!r}: expected is SOURCE@FACTOR=LEVEL, with commas between several levels, as "
                "in --absent Snow@Month=July,August."
            )
        found.append(Absent(match["source"].strip(), match["factor"].strip(), tuple(levels)))
    return tuple(found)


def known_absences(
    found: Sequence[Absent], names: Sequence[str], labels: Mapping[str, Sequence[str]]
) -> tuple[Absent, ...]:
    """The same with sources and levels spelled as in the tables.

    Raises
    ------
    SettingsRefused
        A source or a level does not exist.
    """
    spelled = []
    for one in found:
        source = _known(one.source, names, f"--absent {one.source}@…", "source")
        have = tuple(dict.fromkeys(labels[one.factor]))
        levels = tuple(
            _known(level, have, f"--absent …@{one.factor}={level}", "level") for level in one.levels
        )
        spelled.append(Absent(source, one.factor, levels))
    return tuple(spelled)


def prior(text: str | None, names: Sequence[str]) -> tuple[float, ...] | Elicited | None:
    """Weights of a Dirichlet prior out of ``1,1,1`` or ``A=1,B=2``; ``0±1,…`` is an elicited prior.

    Raises
    ------
    SettingsRefused
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if any("=" in part for part in parts):
        given = {}
        for part in parts:
            name, _, value = part.rpartition("=")
            given[_known(name, names, f"--prior {text}", "source")] = value
        lacking = [name for name in names if name not in given]
        if lacking or len(parts) != len(given):
            raise SettingsRefused(
                f"--prior {text!r}: every source needs one weight; {listed(lacking)} has none or two."
            )
        parts = [given[name] for name in names]
    if len(parts) != len(names):
        raise SettingsRefused(
            f"--prior {text!r} has {len(parts)} weights, there are {len(names)} sources: {listed(names)}. "
            "Give one for each, in this order, or by name as in --prior Rain=1,Ice=2."
        )
    if any(PLUS_MINUS.search(part) for part in parts):
        pairs = [_plus_minus(part, f"--prior {text!r}") for part in parts]
        return Elicited(tuple(mean for mean, _ in pairs), tuple(sd for _, sd in pairs))
    weights = tuple(_number(part, f"--prior {text!r}") for part in parts)
    if min(weights) <= 0.0:
        raise SettingsRefused(
            f"--prior {text!r}: weights must be above 0. A source that cannot be there is left out with "
            "--absent."
        )
    return weights


def bounds(texts: Sequence[str], names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Lowest and highest share of sources out of ``NAME=lo..hi``.

    Raises
    ------
    SettingsRefused
    """
    found: dict[str, tuple[float, float]] = {}
    for text in texts:
        name, _, ends = text.rpartition("=")
        low, dots, high = ends.partition("..")
        if not name or not dots:
            raise SettingsRefused(f"--bounds {text!r}: expected is NAME=lo..hi, as in --bounds Rain=0..0.4.")
        source = _known(name.strip(), names, f"--bounds {text}", "source")
        a, b = _number(low or "0", f"--bounds {text!r}"), _number(high or "1", f"--bounds {text!r}")
        if not 0.0 <= a < b <= 1.0:
            raise SettingsRefused(f"--bounds {text!r}: 0 ≤ lo < hi ≤ 1 is expected, shares being parts of 1.")
        if source in found:
            raise SettingsRefused(f"--bounds {source!r} is given twice; once is allowed. Drop one.")
        found[source] = (a, b)
    return found


def evaporation(text: str | None) -> Evaporation | None:
    """Evaporation out of ``slope=5.2±0.3``, further settings of the model behind it with commas.

    Raises
    ------
    SettingsRefused
    """
    if text is None:
        return None
    given: dict[str, str] = {}
    for part in re.split(r"[,;]\s*", text):
        key, _, value = part.partition("=")
        given[key.strip().replace("-", "_")] = value.strip()
    allowed = [field.name for field in fields(Evaporation) if field.name != "slope_sd"]
    wrong = [key for key in given if key not in allowed]
    if "slope" not in given or wrong:
        found = f"{wrong[0]!r} is not known" if wrong else "there is no slope"
        raise SettingsRefused(
            f"--evaporation {text!r}: {found}; expected is slope=MEAN±SD (or MEAN+-SD), as in --evaporation "
            f"slope=5.2±0.3; also {', '.join(allowed[1:])}.{nearest(wrong[0], allowed) if wrong else ''}"
        )
    slope, sd = _plus_minus(given.pop("slope"), f"--evaporation {text!r}")
    return replace(
        Evaporation(slope, sd), **{key: _setting(key, value, text) for key, value in given.items()}
    )


def _setting(key: str, value: str, text: str) -> Any:
    if key == "form":
        forms = get_args(Form)
        if value not in forms:
            raise SettingsRefused(
                f"--evaporation {text!r}: form {value!r} is not known; expected is one of {listed(forms)}."
            )
        return value
    if key in FLAGS:
        return value.lower() in ("", "true", "yes", "1")
    if key in LISTS:
        return tuple(value.split("+"))
    return _number(value, f"--evaporation {text!r}")


def error_of(error: Error | None, style: Style, form: Evaporation | None) -> Error:
    """Error structure that goes with a style, the style's own where none is asked for.

    Raises
    ------
    SettingsRefused
        The style does not have it.
    """
    if form is not None and style != "headwater":
        raise SettingsRefused(
            f"--evaporation is not part of the model of {style}. Leave out --model, or --evaporation."
        )
    if form is not None and error is not None:
        raise SettingsRefused(
            f"--error {error}: with --evaporation the error is that of the sources, scaled by a learned "
            "factor. Leave out --error."
        )
    if style == "simmr" and error not in (None, "additive"):
        raise SettingsRefused(
            f"--model simmr has the error additive only, {error!r} was given. Leave out --error."
        )
    if style == "mixsiar" and error == "additive":
        raise SettingsRefused(
            "--model mixsiar has no error additive; allowed are process, residual, process*residual. Use "
            "--model simmr."
        )
    return error or ("additive" if style == "simmr" else "process*residual")


def _known(name: str, names: Sequence[str], option: str, what: str) -> str:
    found = find_name(name.strip(), names)
    if found is None:
        raise SettingsRefused(
            f"{option}: there is no {what} {name!r}; there are {listed(names)}.{nearest(name, names)} Name "
            "one of them."
        )
    return found


def _number(text: str, option: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise SettingsRefused(f"{option}: {text!r} is no number; a number is expected.")
    return number


def _plus_minus(text: str, option: str) -> tuple[float, float]:
    parts = PLUS_MINUS.split(text)
    if len(parts) != 2:
        raise SettingsRefused(
            f"{option}: {text!r} has no error; expected is MEAN±SD or MEAN+-SD, such as 5.2±0.3."
        )
    mean, sd = _number(parts[0], option), _number(parts[1], option)
    if not sd >= 0.0:
        raise SettingsRefused(f"{option}: the error {sd:g} is negative; 0 or more is expected.")
    return mean, sd
