"""``headwater check``: what headwater reads in a table, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from headwater.cli import Exit
from headwater.cli.options import DeltaUnit, Json, Quiet, Settings, Table, at_least_one, nested
from headwater.cli.show import Show, columns
from headwater.cli.tables import read_options, read_tables
from headwater.samples import SampleTable
from headwater.study.layers import merge_settings
from headwater.study.read_settings import read_settings

MOST_ROWS_SHOWN = 20


def check(
    *tables: Table,
    settings: Settings = None,
    delta_unit: DeltaUnit = None,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Write the whole list of problems (CSV).")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Read tables of water samples and list everything that is wrong with them.

    Nothing is repaired silently: each value that is changed, set missing or left out has its line with
    file, sheet, row, column, what was found, what was expected, and what was done.

    Example: `headwater check samples.xlsx --delta-unit permil -o problems.csv`
    """
    show = Show(json=json, quiet=quiet)
    merged, _ = merge_settings(
        *([(settings.name, read_settings(settings))] if settings else []),
        ("command line", nested(read__delta_unit=delta_unit)),
    )
    table, refused = read_tables(at_least_one(tables), read_options(merged.read, beside=settings), show)
    if output is not None:
        table.problems.to_csv(output, index=False, encoding="utf-8-sig")
        show.message(f"{len(table.problems)} problems written to {output}")
    payload = {
        "rows_read": table.rows_read,
        "rows_used": table.rows_used,
        "rows_left_out": table.rows_left_out,
        "problems": table.problems.astype(object).where(table.problems.notna(), None).to_dict("records"),
        "files": [file.__dict__ for file in table.files],
        "columns": table.mapping,
        "unused_columns": list(table.unused_columns),
        "kinds": _kinds(table),
        "files_refused": refused,
    }
    show.result(payload, lambda: _text(table))
    return Exit.PARTIAL if refused else Exit.OK


def _kinds(table: SampleTable) -> dict[str, int]:
    counts = table.frame["kind"].value_counts()
    return {str(kind): int(count) for kind, count in counts.items() if count}


def _text(table: SampleTable) -> str:
    parts = [
        f"{table.rows_read} rows read = {table.rows_used} used + {table.rows_left_out} left out",
        "",
        columns([("kind", "samples"), *((kind, str(n)) for kind, n in _kinds(table).items())], right=(1,)),
        "",
        columns([("column", "found as"), *table.mapping.items()]),
    ]
    if table.unused_columns:
        parts += ["", "not used: " + ", ".join(table.unused_columns)]
    if len(table.problems):
        counted = (
            table.problems.groupby(["column", "action", "expected"], dropna=False, sort=False)
            .agg(rows=("row", "size"), found=("found", "first"), row=("row", "first"))
            .reset_index()
        )
        shown = [("column", "rows", "action", "expected", "for example")]
        for item in counted.head(MOST_ROWS_SHOWN).itertuples():
            where = f"row {item.row}: " if str(item.row) not in ("", "nan", "<NA>", "None") else ""
            shown.append(
                (str(item.column), str(item.rows), item.action, str(item.expected), f"{where}{item.found}")
            )
        parts += ["", f"{len(table.problems)} problems", columns(shown, right=(1,))]
        if len(counted) > MOST_ROWS_SHOWN:
            parts.append(f"… and {len(counted) - MOST_ROWS_SHOWN} more sorts; -o FILE writes them all")
    return "\n".join(parts)
