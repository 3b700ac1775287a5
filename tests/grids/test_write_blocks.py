"""Jobs in blocks give the numbers of the job at once, whatever interrupts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr

from headwater.errors import InputRefused, SettingsRefused
from headwater.grids import open_grid
from headwater.grids.blocks import MIB
from headwater.grids.on_workers import Compute
from headwater.grids.read_memory import memory_in_use
from headwater.grids.write_blocks import RESERVE, run_blocks
from headwater.grids.write_journal import Journal, read_journal
from headwater.grids.write_relaid import lay_out
from tests.grids.make_grids import grid, lazy
from tests.grids.make_job import Arrays, statistics
from tests.grids.make_reanalysis import months, write_netcdf

SHAPE = (24, 30)
STEPS = 300


def inputs(chunks: tuple[int, int, int] | None = None) -> dict[str, xr.DataArray]:
    return {name: lazy(grid(STEPS, shape=SHAPE, seed=seed), chunks) for seed, name in enumerate("ab")}


def at_once() -> Arrays:
    return statistics({name: one.values for name, one in inputs().items()})


TIGHT = 100 * MIB + RESERVE + MIB // 2
"""Room for three rows, or for two beside chunks, where the program itself takes 100 MiB."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program itself takes 100 MiB."""
    monkeypatch.setattr("headwater.grids.write_blocks.memory_in_use", lambda: 100 * MIB)


def assert_same(result: xr.Dataset) -> None:
    for name, values in at_once().items():
        np.testing.assert_array_equal(result[name].values, values, strict=True)


class Stop(Exception):
    """Stands for anything that ends the process between two blocks."""


def stopping(after: int) -> Compute:
    """``statistics`` that ends after so many blocks, which are as wide as the grid; a trial is not."""
    blocks = iter(range(1000))

    def compute(arrays: Arrays) -> Arrays:
        if arrays["a"].shape[-1] == SHAPE[1] and next(blocks) >= after:
            raise Stop
        return statistics(arrays)

    return compute


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("chunks", "memory", "anew"),
    [
        (None, TIGHT, False),
        ((1, *SHAPE), TIGHT, True),
        ((STEPS, 5, 7), TIGHT, False),
        pytest.param((100, 6, 30), TIGHT + MIB // 2, False, marks=pytest.mark.slow, id="six rows fit"),
        pytest.param((100, 6, 30), TIGHT, True, marks=pytest.mark.slow, id="two rows fit, each read thrice"),
    ],
)
def test_blocks_give_the_numbers_of_the_whole(
    tmp_path: Path, chunks: tuple[int, int, int] | None, memory: int, anew: bool
) -> None:
    told: list[tuple[str, int, int]] = []
    result = run_blocks(
        inputs(chunks), statistics, tmp_path / "out", memory=memory, copies=1, fingerprint="f",
        progress=lambda *what: told.append(what), dims={"mean": ("half",)}, coordinates={"half": [1, 2]},
    )  # fmt: skip
    assert_same(result)
    assert result["mean"].dims == ("half", "latitude", "longitude") and list(result.half.values) == [1, 2]
    assert told[-1][1] == told[-1][2] > 2
    assert any("laying out anew" in what for what, *_ in told) == anew
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.usefixtures("small")
def test_an_interrupted_job_goes_on_where_it_stopped(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    options = {"memory": TIGHT, "copies": 1, "fingerprint": "f"}
    with pytest.raises(Stop):
        run_blocks(inputs((1, *SHAPE)), stopping(3), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
    result = run_blocks(
        inputs((1, *SHAPE)), statistics, tmp_path / "out", **options, progress=lambda *what: told.append(what)
    )
    assert_same(result)
    assert told[-1][2] > 3 and any(
        what == f"resuming: 3 of {told[-1][2]} blocks were finished" for what, *_ in told
    )


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("change", ["settings", pytest.param("numbers", marks=pytest.mark.slow)])
def test_other_settings_or_inputs_start_anew_and_say_so(tmp_path: Path, change: str) -> None:
    told: list[str] = []
    with pytest.raises(Stop):
        run_blocks(inputs(), stopping(3), tmp_path / "out", memory=TIGHT, copies=1, fingerprint="f")
    other = {name: one.load().copy() for name, one in inputs().items()}
    if change == "settings":
        result = run_blocks(
            inputs(),
            statistics,
            tmp_path / "out",
            memory=TIGHT,
            copies=1,
            fingerprint="g",
            progress=lambda what, *_: told.append(what),
        )
        assert_same(result)
    else:
        with pytest.raises(Stop):
            run_blocks(other, stopping(3), tmp_path / "out", memory=TIGHT, copies=1, fingerprint="f")
        other["a"][5, 6, 7] += 1
        result = run_blocks(
            other,
            statistics,
            tmp_path / "out",
            memory=TIGHT,
            copies=1,
            fingerprint="f",
            progress=lambda what, *_: told.append(what),
        )
        truth = statistics({name: one.values for name, one in other.items()})
        np.testing.assert_array_equal(result["mean"], truth["mean"])
    assert "inputs or settings changed: starting anew" in told and not any(
        "resuming" in what for what in told
    )


@pytest.mark.usefixtures("small")
def test_a_finished_job_is_not_done_again(tmp_path: Path) -> None:
    run_blocks(inputs(), statistics, tmp_path / "out", memory=TIGHT, copies=1, fingerprint="f")
    assert_same(run_blocks(inputs(), stopping(0), tmp_path / "out", memory=TIGHT, copies=1, fingerprint="f"))
    with pytest.raises(Stop):
        run_blocks(inputs(), stopping(0), tmp_path / "out", memory=TIGHT, copies=1, fingerprint="g")


@pytest.mark.usefixtures("small")
def test_a_damaged_block_is_computed_again(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(Stop):
        run_blocks(inputs(), stopping(4), tmp_path / "out", memory=TIGHT, copies=1, fingerprint="f")
    chunks = sorted(path for path in (tmp_path / "out.part" / "product" / "c").rglob("*") if path.is_file())
    content = bytearray(chunks[1].read_bytes())
    content[len(content) // 2] ^= 1
    chunks[1].write_bytes(content)
    chunks[2].unlink()
    result = run_blocks(
        inputs(),
        statistics,
        tmp_path / "out",
        memory=TIGHT,
        copies=1,
        fingerprint="f",
        progress=lambda what, *_: told.append(what),
    )
    assert_same(result)
    assert "2 finished blocks do not match their checksum: computed again" in told


def test_inputs_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    pair = inputs()
    with pytest.raises(InputRefused, match=r"b: its latitude is not that of a; align\(\)"):
        run_blocks({**pair, "b": pair["b"][:, 1:]}, statistics, tmp_path / "o", memory=2**30, fingerprint="")
    with pytest.raises(InputRefused, match="must come last"):
        run_blocks(
            {"a": pair["a"].transpose(..., "time")}, statistics, tmp_path / "o", memory=2**30, fingerprint=""
        )
    with pytest.raises(SettingsRefused, match="no inputs"):
        run_blocks({}, statistics, tmp_path / "o", memory=2**30, fingerprint="")
    with pytest.raises(SettingsRefused, match=r"result 'm' has the shape \(300,\)"):
        run_blocks(
            pair, lambda x: {"m": x["a"].mean(axis=(1, 2))}, tmp_path / "o", memory=2**30, fingerprint=""
        )
    with pytest.raises(SettingsRefused, match="are too little"):
        run_blocks(pair, statistics, tmp_path / "o", memory=MIB, fingerprint="")
    (tmp_path / "mine").mkdir()
    with pytest.raises(InputRefused, match="not a result of this program"):
        run_blocks(pair, statistics, tmp_path / "mine", memory=2**30, fingerprint="")


def test_a_torn_line_of_the_journal_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, {"fingerprint": "f"}) as journal:
        journal.add("0", {"sum": 1})
        journal.add("1", {"sum": 2})
    content = path.read_text()
    path.write_text(content[:-5])
    assert read_journal(path) == ({"fingerprint": "f"}, {"0": {"sum": 1}})
    path.write_text(content.replace('{"part": "0"', '{"part" "0"'))
    with Journal(path, {"fingerprint": "f"}) as journal:
        assert list(journal.entries) == ["1"] and not journal.changed
    with Journal(path, {"fingerprint": "g"}) as journal:
        assert journal.changed and not journal.entries


def test_a_copy_in_space_goes_on_and_reads_any_window(tmp_path: Path) -> None:
    source = lazy(grid(50, shape=(6, 14)), (4, 3, 5))
    options = {"chunks": (4, 3, 5), "budget": 1500, "fingerprint": "f"}
    calls: list[int] = []

    def stop(_: str, done: int, total: int) -> None:
        calls.append(done)
        if done == 7:
            raise Stop

    with pytest.raises(Stop):
        lay_out(source, tmp_path / "a.cells", **options, progress=stop)
    copy = lay_out(source, tmp_path / "a.cells", **options)
    np.testing.assert_array_equal(copy, source)
    np.testing.assert_array_equal(copy[::-3, 2:4, 3:11], source[::-3, 2:4, 3:11])
    assert len((tmp_path / "a.journal").read_text().splitlines()) == 1 + max(calls) + (json.loads(
        (tmp_path / "a.journal").read_text().splitlines()[0])["parts"] - 7)  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("chunks", [(1, 100, 200), (100, 100, 200), None])
def test_a_killed_process_resumes_within_the_memory(
    tmp_path: Path, chunks: tuple[int, int, int] | None
) -> None:
    rng = np.random.default_rng(0)
    kelvin = {"units": "K", "standard_name": "air_temperature"}
    place = {"latitude": np.arange(100) / 4, "longitude": np.arange(200) / 4}
    encoding = {"ta": {"chunksizes": chunks}} if chunks else {"ta": {"contiguous": True}}
    truth = {}
    for name in "ab":  # 32 MB each
        truth[name] = rng.uniform(250, 290, (400, 100, 200)).astype(np.float32)
        write_netcdf(
            tmp_path / f"{name}.nc",
            {"ta": (truth[name], kelvin)},
            months("1980-01", 400),
            encoding=encoding,
            **place,
        )
    memory = 330 * MIB
    command = [sys.executable, "-m", "tests.grids.make_job", str(tmp_path), str(memory)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(["src", "."])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("computing blocks 2 "):
                process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL and not (tmp_path / "out").exists()
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert "resuming: " in run.stdout
    assert int(run.stdout.split("peak ")[1]) < memory
    group = zarr.open_group(tmp_path / "out", mode="r")
    for name, values in statistics(truth).items():
        np.testing.assert_array_equal(group[name][...], values)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_workers_of_a_cluster_give_the_same_numbers(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    kelvin = {"units": "K", "standard_name": "air_temperature"}
    files = {}
    for name, one in inputs().items():
        file = write_netcdf(
            tmp_path / f"{name}.nc",
            {"ta": (one.values, kelvin)},
            one.time.values,
            latitude=one.latitude.values,
            longitude=one.longitude.values,
            encoding={"ta": {"chunksizes": (100, 6, 30)}},
        )
        files[name] = open_grid(file, "ta", check=False)
    dask = {name: one.chunk(time=50, latitude=7) for name, one in inputs().items()}
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        for number, pair in enumerate([inputs((1, *SHAPE)), dask, files]):
            result = run_blocks(
                pair, statistics, tmp_path / str(number), memory=TIGHT, copies=1, fingerprint="f"
            )
            assert_same(result)


@pytest.mark.usefixtures("small")
def test_inputs_of_dask_give_the_same_numbers(tmp_path: Path) -> None:
    pair = {name: one.chunk(time=50, latitude=7) for name, one in inputs().items()}
    assert_same(run_blocks(pair, statistics, tmp_path / "out", memory=TIGHT, copies=1, fingerprint="f"))


def test_memory_in_use_grows_with_what_is_held() -> None:
    before = memory_in_use()
    held = np.ones(2**22)
    assert memory_in_use() - before > 2**24 and held.size
