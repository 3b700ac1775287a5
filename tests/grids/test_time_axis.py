"""Kinds of steps, and starts and ends of each."""

from __future__ import annotations

import numpy as np

from headwater.grids.time_axis import time_axis


def test_junes_alone_stay_junes() -> None:
    """Moved to January they would be compared with the wrong month of another file."""
    junes = np.array([f"{year}-06-01" for year in range(2001, 2006)], "datetime64[ns]")
    axis = time_axis(junes)
    np.testing.assert_array_equal(axis.start, junes)
    assert axis.end is None
    assert "length not known" in axis.notes[0]
    years = time_axis(np.array([f"{year}-01-01" for year in range(2001, 2006)], "datetime64[ns]"))
    assert years.end is not None
    assert years.notes == ()
