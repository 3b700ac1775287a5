"""``headwater convert``: station files of national services as one Parquet data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from headwater.cli import Exit
from headwater.cli.options import Json, Quiet
from headwater.cli.show import Show, columns

MOST_REFUSED_SHOWN = 10


def convert(
    form: Annotated[
        Literal["cma-daily"],
        Parameter(
            name="FORMAT",
            help="cma-daily: daily values of the China Meteorological Administration, version 3.0 "
            "(SURF_CLI_CHN_MUL_DAY).",
        ),
    ],
    /,
    *files: Annotated[
        Path,
        Parameter(
            name="FILES",
            help="Files, or folders whose files named as in the data set are taken.",
            negative=(),
        ),
    ],
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="Folder to write to.")],
    element: Annotated[
        Literal["PRS", "TEM", "RHU", "PRE", "EVP", "WIN", "SSD", "GST"] | None,
        Parameter(name="--element", help="Element of the files, where their names do not say it."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Convert station files to Parquet: one row a station, day and variable, in SI units and UTC.

    Writes `readings/element=…/*.parquet`, `places.csv` (stations move), `problems/*.csv` (every line that was
    left out, every value that was set missing) and `files.jsonl` (the account of each file). Call it again
    after an interruption: files that are done are not done again.

    Example: `headwater convert cma-daily CMA/ -o stations`
    """
    from headwater.stations.write_cma_daily import convert_cma_daily

    show = Show(json=json, quiet=quiet)
    try:
        with show.progress() as progress:
            result = convert_cma_daily(list(files), output, element=element, progress=progress)
    except KeyboardInterrupt:
        show.message("headwater: interrupted; what is done is kept, the same command goes on from there")
        return Exit.INTERRUPTED
    refused = [{"file": name, "reason": reason} for name, reason in result.refused]
    payload = {
        "form": form,
        "output": str(output),
        **result.summary(),
        "refused_files": refused,
        "places": str(output / "places.csv"),
    }
    show.result(payload, lambda: _text(result.summary(), refused, output))
    return Exit.PARTIAL if refused else Exit.OK


def _text(summary: dict[str, int], refused: list[dict[str, str]], output: Path) -> str:
    count = {name: f"{value:,}".replace(",", " ") for name, value in summary.items()}
    rows = [
        (
            "files",
            count["files"],
            f"{count['files_done_now']} converted now, {count['files_refused']} refused",
        ),
        (
            "lines",
            count["lines"],
            f"{count['written']} written + {count['refused']} left out + {count['blank']} blank",
        ),
        (
            "readings",
            count["readings"],
            f"{count['missing']} missing, {count['out_of_range']} of them out of range",
        ),
        ("stations", count["stations"], f"{count['stations_with_several_places']} with several places"),
        ("text", f"{summary['bytes'] / 1e6:.1f} MB", f"{summary['output_bytes'] / 1e6:.1f} MB of Parquet"),
    ]
    parts = [columns(rows, right=(1,))]
    if summary["refused"] or summary["out_of_range"]:
        parts.append(f"what was left out or set missing: {output / 'problems'}")
    if refused:
        parts += ["", *(f"refused: {item['reason']}" for item in refused[:MOST_REFUSED_SHOWN])]
        if len(refused) > MOST_REFUSED_SHOWN:
            parts.append(f"… and {len(refused) - MOST_REFUSED_SHOWN} more; --json names them all")
    return "\n".join(parts)
