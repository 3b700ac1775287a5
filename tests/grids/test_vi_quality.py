"""Quality bits against words of bits written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from headwater.grids.vi_quality import decode_vi_quality


@pytest.mark.parametrize(
    ("bits", "fields"),
    [
        ("00_001_0_0_0_01_0000_00", {"modland": 0, "usefulness": 0, "aerosol": 1, "land_water": 1}),
        ("01_001_1_0_1_11_1100_10", {"modland": 2, "usefulness": 12, "adjacent_cloud": 1, "snow": 1}),
        ("10_111_0_1_0_00_1111_11", {"modland": 3, "usefulness": 15, "brdf": 1, "shadow": 1}),
        ("00_000_1_0_0_10_0001_01", {"modland": 1, "usefulness": 1, "mixed_clouds": 1, "brdf": 0}),
    ],
)
def test_fields_of_a_word(bits: str, fields: dict[str, int]) -> None:
    decoded = decode_vi_quality(np.array([[int(bits.replace("_", ""), 2)]], np.uint16))
    assert {name: getattr(decoded, name)[0, 0] for name in fields} == fields
    assert not decoded.fill.any()


def test_land_of_low_aerosol_and_best_use_is_2112_and_fill_is_told() -> None:
    decoded = decode_vi_quality(np.array([2112, 65535]))
    assert (decoded.land_water[0], decoded.aerosol[0], decoded.usefulness[0], decoded.modland[0]) == (
        1,
        1,
        0,
        0,
    )
    assert list(decoded.fill) == [False, True]
