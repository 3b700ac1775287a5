"""Values that cannot be: outside the range of waters on Earth, or of the quantity itself."""

from __future__ import annotations

import numpy as np
import pandas as pd

from headwater.samples.findings import Finding, flagged, left_out, set_missing

RANGES = {
    "d18O": (-60.0, 40.0, "‰"),
    "d2H": (-500.0, 200.0, "‰"),
    "d18O_sd": (0.0, 20.0, "‰"),
    "d2H_sd": (0.0, 50.0, "‰"),
    "altitude_m": (-450.0, 9000.0, "m"),
    "depth_top_m": (0.0, 2000.0, "m"),
    "depth_bottom_m": (0.0, 2000.0, "m"),
    "slope_deg": (0.0, 90.0, "°"),
    "amount_mm": (0.0, 5000.0, "mm"),
    "air_temperature_C": (-90.0, 60.0, "°C"),
    "relative_humidity": (0.0, 1.1, "as a fraction"),
    "soil_temperature_C": (-70.0, 80.0, "°C"),
    "soil_moisture": (0.0, 1.0, "m³/m³"),
}
ODD_EXCESS = (-100.0, 60.0)


def check_ranges(frame: pd.DataFrame) -> list[Finding]:
    """Values outside their range; they are set missing."""
    findings = []
    for column, (low, high, unit) in RANGES.items():
        values = frame[column].to_numpy()
        at = np.flatnonzero((values < low) | (values > high))
        if at.size:
            found = np.array([f"{one:g}" for one in values[at]], object)
            expected = f"{low:g} … {high:g} {unit}"
            findings.append(set_missing(column, found, expected, at, blank=(column,)))
    return findings


def check_no_delta(frame: pd.DataFrame) -> list[Finding]:
    """Rows without a usable δ value; they are left out."""
    at = np.flatnonzero(frame["d18O"].isna() & frame["d2H"].isna())
    return [left_out("d18O", "no usable d18O and d2H", "a value of at least one", at)]


def check_odd_waters(frame: pd.DataFrame) -> list[Finding]:
    """Waters with d-excess outside −100 … 60 ‰, and rows close to 0 in both isotopes: flagged."""
    d18O, d2H = frame["d18O"].to_numpy(), frame["d2H"].to_numpy()
    excess = d2H - 8 * d18O
    low, high = ODD_EXCESS
    odd = np.flatnonzero((excess < low) | (excess > high))
    found = np.array([f"d-excess {one:.1f}" for one in excess[odd]], object)
    expected = f"{low:g} … {high:g} ‰; strongly evaporated, or a disturbed analysis"
    tiny = np.flatnonzero((np.abs(d18O) < 0.06) & (np.abs(d2H) < 0.5) & (d18O != 0))
    small = np.array([f"d18O {d18O[i]:g}, d2H {d2H[i]:g}" for i in tiny], object)
    return [
        flagged("d2H", found, expected, odd),
        flagged("d18O", small, "‰; is this row a fraction?", tiny),
    ]
