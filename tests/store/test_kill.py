"""A killed writer, or a full disk, loses nothing that was acknowledged, and leaves no part of a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headwater.store import open_store
from tests.store.killing import FAR, FIRST_DAY, burst, expected, holds, kill_often, series_of
from tests.store.truth import range_test


def test_the_content_after_some_bursts_is_known(tmp_path: Path) -> None:
    names = series_of(60)
    with open_store(tmp_path / "store", writing=True) as store:
        for number in range(12):
            store.commit(burst(names, number), now=FAR, judge=range_test)
        found = store.read(names, FIRST_DAY, FAR)
        assert (found.flags > 0).any() and (found.version > 0).any()
        assert [holds(found, 60, bursts) for bursts in (11, 12, 13)] == [False, True, False]
        assert len(expected(60, 12)[0]) < 60 * 12
    one_less = found.take(np.arange(len(found)) != 5)
    doubled = found.take(np.sort(np.append(np.arange(len(found)), 5)))
    assert not holds(one_less, 60, 12) and not holds(doubled, 60, 12)


def test_two_killed_writers(tmp_path: Path) -> None:
    outcome = kill_often(tmp_path, kills=2, many=40, seed=1)
    assert (outcome.kills, outcome.unsound, outcome.wrong) == (2, 0, 0)


@pytest.mark.slow
def test_ten_killed_writers(tmp_path: Path) -> None:
    outcome = kill_often(tmp_path, kills=12, many=300, seed=2)
    assert (outcome.kills, outcome.full, outcome.unsound, outcome.wrong) == (10, 2, 0, 0)
    assert outcome.bursts > 50
    assert outcome.sealed_months > 0
