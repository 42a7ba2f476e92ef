"""The processes of this project that are measured, and the two that they are compared with."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from tests.bench import copies
from tests.bench.clock import Case, once

PASS = "python -c pass"
LINT = "cfn-lint, all templates in one process"
COLD = "generate, no validation, empty folder"
NATIVE = "generate and the native pass alone"
VERDICT = "generate with the verdict, nothing cached"
CHANGED = "one service changed in all environments"
SAME = "nothing changed"

# cfn-lint's exit code is a sum of 2 (errors), 4 (warnings) and 8 (information): a finding is no failed measurement.
_LINT_CODES = (0, 2, 4, 6, 8, 10, 12, 14)
_SHORT = 5

_NATIVE = """
import gc
gc.disable()
from pathlib import Path
import env
from templates.build import build
from templates.validation import native
from templates.validation.lint import Subject
whole = [build(environment) for environment in env.load(Path("env")).environments]
builds = [built.of(part) for built in whole for part in built.parts]
subjects = [Subject(built=built, service=service) for built in builds for service in built.encoded]
assert native.check(subjects) == []
"""


def cases(folder: Path) -> list[Case]:
    """Peers first. Three copies, so that no case disturbs what another one left; short processes run oftener."""
    still, fresh, edited = (copies.copy(folder / name) for name in ("still", "fresh", "edited"))
    for place in (still, edited):
        once(Case(name="first run", argv=generate(), cwd=place))
    lint = Path(sys.executable).parent / "cfn-lint"
    files = [str(path) for path in copies.templates(still / "build")]
    return [
        Case(name=PASS, argv=[sys.executable, "-c", "pass"], cwd=still, times=_SHORT),
        Case(name=LINT, argv=[sys.executable, str(lint), *files], cwd=still, codes=_LINT_CODES),
        cold(still),
        Case(name=NATIVE, argv=[sys.executable, "-c", _NATIVE], cwd=still),
        verdict(fresh),
        Case(name=CHANGED, argv=generate(), cwd=edited, prepare=_edit(edited / "templates" / "data.py")),
        Case(name=SAME, argv=generate(), cwd=still, times=_SHORT),
    ]


def generate(*options: str) -> list[str]:
    return [sys.executable, "generate.py", *options]


def cold(place: Path) -> Case:
    out = place / "out"
    return Case(name=COLD, argv=generate("--no-validate", "--out", "out"), cwd=place, times=_SHORT, prepare=lambda: copies.emptied(out))


def verdict(place: Path) -> Case:
    return Case(name=VERDICT, argv=generate(), cwd=place, prepare=lambda: shutil.rmtree(place / "build", ignore_errors=True))


def _edit(module: Path) -> Callable[[], None]:
    """Each call gives the table's index a name that it never had.

    Bytecode is told apart by size and whole seconds, so each version gets a second of its own.
    """
    text = module.read_text(encoding="utf-8")
    numbers, start = count(1), int(module.stat().st_mtime)

    def prepare() -> None:
        number = next(numbers)
        module.write_text(copies.replaced(text, '"by-created"', f'"by-created-{number:03}"'), encoding="utf-8")
        os.utime(module, (start + number, start + number))

    return prepare
