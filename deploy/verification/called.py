"""What runs in the process of a python check: it calls the function, and says in JSON how that ended.

    python -I called.py ROOT MODULE FUNCTION < context.json

Whatever the function prints goes to standard error, so that standard output holds the answer alone.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

LONGEST = 4_000


def main() -> None:
    root, module, function = sys.argv[1:]
    answers = os.dup(1)
    os.dup2(2, 1)
    # The repository itself, and last the one that this file is in, for the context's own class.
    sys.path[:0] = [root]
    sys.path.append(str(Path(__file__).parents[2]))
    try:
        answer = {"text": _called(Path(root).resolve(), module, function)}
    except BaseException as error:  # noqa: BLE001 - also a function that exits has failed
        traceback.print_exc()
        answer = {"reason": f"{type(error).__name__}: {error}"[:LONGEST]}
    sys.stdout.flush()
    os.write(answers, json.dumps(answer).encode())
    # What the function has left running, threads above all, holds up nothing.
    os._exit(0)


def _called(root: Path, module: str, function: str) -> str:
    import msgspec

    from deploy.verification.model import Context

    context = msgspec.json.decode(sys.stdin.buffer.read(), type=Context)
    found: Any = importlib.import_module(module)
    source = getattr(found, "__file__", None)
    if not source or not Path(source).resolve().is_relative_to(root):
        raise ImportError(f"module {module} is outside of this repository")
    answer = getattr(found, function)(context)
    if not isinstance(answer, str):
        raise TypeError(f"{module}:{function} returned {type(answer).__name__}; a check returns text, or raises")
    return answer[:LONGEST]


if __name__ == "__main__":
    main()
