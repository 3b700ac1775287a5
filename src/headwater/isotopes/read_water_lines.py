"""Meteoric water lines from the literature, out of the package's own data file."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from headwater.errors import SettingsRefused
from headwater.stats.line import Line, LineMethod


@cache
def published_lines() -> dict[str, Line]:
    """Every line of ``data/water_lines.toml`` by its key; the source of each stands in that file."""
    text = resources.files("headwater.data").joinpath("water_lines.toml").read_text(encoding="utf-8")
    return {key: _line(entry) for key, entry in tomllib.loads(text).items()}


def published_line(key: str) -> Line:
    """One line from the literature, for instance ``craig_1961``.

    Raises
    ------
    SettingsRefused : no such key
    """
    lines = published_lines()
    if key not in lines:
        raise SettingsRefused(f"no water line {key!r}; known are {', '.join(lines)}: choose one of these")
    return lines[key]


def _line(entry: dict[str, float]) -> Line:
    return Line(
        slope=float(entry["slope"]),
        intercept=float(entry["intercept"]),
        slope_se=float(entry.get("slope_se", 0.0)),
        intercept_se=float(entry.get("intercept_se", 0.0)),
        covariance=float(entry.get("covariance", 0.0)),
        r2=float(entry.get("r2", "nan")),
        n=int(entry.get("n", 0)),
        residual_sd=float(entry.get("residual_sd", "nan")),
        x_mean=float("nan"),
        x_ss=float("nan"),
        method=LineMethod.PUBLISHED,
    )
