"""The command behind `generate.py`: what was asked, what is printed, how it exits. The only place here that catches."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import env
from templates import report
from templates.build import BuildError
from templates.generation import Outcome, Request, generate
from templates.root import WiringError
from templates.stamp import ROOT
from templates.validation.allow import AllowListError
from templates.workspace import WorkspaceBusyError, WorkspaceError

if TYPE_CHECKING:
    from templates.stamp import Stamp

DONE, INVALID, DIFFERENT, CONFLICT = 0, 2, 3, 6


def run(arguments: list[str], stamp: Stamp) -> int:
    """Returns the exit code: 0 done, 2 invalid input or templates, 3 ``--check`` found a difference, 6 busy."""
    options = _parser().parse_args(arguments)
    if options.explain:
        return _explain(options.explain)
    request = Request(
        names=tuple(options.environment),
        env_dir=options.env_dir,
        out=options.out,
        check=options.check,
        validate=options.validate,
        prove=options.validate,
    )
    try:
        outcome = generate(request, tell=_tell)
    except env.InvalidEnvironment as error:
        return _refuse(str(error), INVALID)
    except (AllowListError, BuildError, WiringError) as error:
        return _refuse(f"{error}\nnothing was written", INVALID)
    except WorkspaceBusyError as error:
        return _refuse(str(error), CONFLICT)
    except WorkspaceError as error:
        return _refuse(str(error), INVALID)
    sys.stdout.write(report.render(outcome, options.format, check=options.check))
    return _finish(request, outcome, stamp)


def _finish(request: Request, outcome: Outcome, stamp: Stamp) -> int:
    if outcome.findings:
        _tell(f"{len(outcome.findings)} findings: nothing was written")
        return INVALID
    if request.check:
        return DIFFERENT if outcome.changes.any else DONE
    stamp.write(sorted(outcome.files), report.render(outcome, "text", check=False, settled=True))
    return DONE


def _beside(folder: str) -> Path:
    """A folder of this checkout, as a short path where the command was started in it."""
    return Path(os.path.relpath(Path(ROOT, folder)))


def _explain(rule: str) -> int:
    from templates.validation import explain

    try:
        sys.stdout.write(explain(rule) + "\n")
    except KeyError:
        return _refuse(f"rule {rule} is not known: findings name the rules that there are", INVALID)
    return DONE


def _refuse(text: str, code: int) -> int:
    _tell(text)
    return code


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="generate.py",
        description="Build the CloudFormation templates of every environment, or of those named, validate them, and write them.",
        epilog="Exit codes: 0 done or nothing to do; 2 invalid input, nothing was written; 3 --check found a difference; 6 another run is writing.",
    )
    parser.add_argument("environment", nargs="*", help="names such as dev; without any: all of them")
    parser.add_argument("--env-dir", type=Path, default=_beside("env"), metavar="DIR", help="where the environment files are (env)")
    parser.add_argument("--out", type=Path, default=_beside("build"), metavar="DIR", help="where the templates go (build)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 3 when the folder is not what the sources give")
    parser.add_argument(
        "--no-validate",
        dest="validate",
        action="store_false",
        help="skip validation and the proof of parity, to look at templates that fail it",
    )
    parser.add_argument("--format", choices=("text", "json", "sarif", "junit"), default="text", help="of the result (text)")
    parser.add_argument("--explain", metavar="RULE", help="say what a rule wants, why, and by which source")
    return parser
