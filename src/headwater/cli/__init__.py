"""The ``headwater`` command: parse, call one public function, show. One file a command.

Nothing heavy is imported here: each command is loaded when it is called.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Sequence
from enum import IntEnum

from headwater import __version__


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    REFUSED = 3
    NOT_TRUSTWORTHY = 4
    PARTIAL = 5
    INTERRUPTED = 130


EPILOGUE = """\
Exit codes: 0 done · 1 internal error · 2 usage or settings · 3 input refused · 4 result not trustworthy ·
5 partial (a file or a requested part could not be used) · 130 interrupted.

First steps: `headwater demo` makes a full report from a simulated campaign; `headwater check TABLE` says
what headwater reads in your table; `headwater study TABLE` makes the report.
"""


COMMANDS = {
    "study": "Isotopes, water lines and the shares of every source, as a report.",
    "mix": "Shares of sources with full uncertainty, for any mixing problem.",
    "drivers": "Which climate and vegetation signals move soil moisture, on grids: maps, signs, report.",
    "check": "Read tables of water samples and list everything that is wrong with them.",
    "convert": "Daily station files to Parquet, in SI units and UTC, with every line accounted for.",
    "quality": "Flags for every value of a soil-moisture series: spikes, jumps, plateaus, frost.",
    "demo": "A simulated campaign of 2451 samples with known truth, through the same code as your data.",
    "settings": "Every setting with its value, its origin and its meaning, as a settings file.",
}


def build_app(whole: Container[str] = ()):  # type: ignore[no-untyped-def]  # returns cyclopts.App, imported only here
    """The command line as a cyclopts App; commands are named by import path, so none is loaded yet.

    Those in ``whole`` show all of their own text; the others show their summary, for which none is loaded.
    """
    from cyclopts import App

    app = App(
        name="headwater",
        help="From water samples to restoration decisions: what waters the soil, and how sure is that?",
        help_epilogue=EPILOGUE,
        help_format="markdown",
        version=__version__,
        result_action="return_value",
    )
    for name, summary in COMMANDS.items():
        path = f"headwater.cli.{name}:{name}"
        app.command(path, name=name, help=None if name in whole else summary)
    app.register_install_completion_command()
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    from headwater.errors import HeadwaterError

    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        result = build_app(whole=given[:1])(given)
    except HeadwaterError as error:
        print(f"headwater: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("headwater: interrupted; nothing was written", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  # the reader of our output has gone
        return Exit.OK
    except SystemExit as stop:
        return int(stop.code or 0)
    except Exception as error:
        if os.environ.get("HEADWATER_DEBUG"):
            raise
        print(
            f"headwater: internal error: {type(error).__name__}: {error}\n"
            "This is a fault of headwater, not of your data. Run again with HEADWATER_DEBUG=1 and report "
            "the traceback.",
            file=sys.stderr,
        )
        return Exit.INTERNAL
    return int(result) if isinstance(result, int) else Exit.OK


def run() -> None:
    """Entry point of the installed script."""
    sys.exit(main())
