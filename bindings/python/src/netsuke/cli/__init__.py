"""The command `netsuke`: one file for each sub-command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .. import __version__
from .._errors import Error
from . import architectures, bench, compress, create, evaluate, export, inspect, recipes
from .output import show

COMMANDS = {
    "inspect": inspect,
    "compress": compress,
    "evaluate": evaluate,
    "bench": bench,
    "export": export,
    "recipes": recipes,
    "create": create,
    "architectures": architectures,
}

EPILOG = """\
examples:
  netsuke inspect net.onnx
  netsuke compress net.onnx small.nsk --recipe weights-int8
  netsuke compress net.onnx small.nsk --recipe int8 --data photos/ --limit 100
  netsuke evaluate small.nsk --data photos/ --against net.onnx
  netsuke bench small.nsk --against net.onnx

Exit status: 0 done; 1 the library or a file said no, in one line on standard error; 2 the command line was wrong;
130 interrupted. With --json, standard output is one JSON object.
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    result = argparse.ArgumentParser(
        prog="netsuke",
        description="Makes trained neural networks small, and runs what it made fast on CPUs.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("--version", action="version", version=f"netsuke {__version__}")
    commands = result.add_subparsers(dest="command", metavar="command", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.SUMMARY[0].upper() + module.SUMMARY[1:] + ".",
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; the exit status."""
    options = parser().parse_args(arguments)
    try:
        show(COMMANDS[options.command].run(options), as_json=options.json)
        return 0
    except Error as error:
        return _fail(f"{error.status}: {error}")
    except BrokenPipeError:
        # Whoever read our output went away; Python must not complain about it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
    except (ValueError, TypeError, ImportError) as error:
        return _fail(str(error) or type(error).__name__)
    except KeyboardInterrupt:
        print("netsuke: interrupted", file=sys.stderr)
        return 130


def _fail(message: str) -> int:
    print("netsuke: " + " ".join(message.split()), file=sys.stderr)
    return 1
