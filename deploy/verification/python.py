"""The python check: a function of this repository is called in a process of its own, and returns what it saw or raises.

Only a module that is a file below the repository's root is called, never one that is merely installed. The process is this
interpreter's, isolated; it is ended with all that it started when its time is over, and it cannot touch what this one holds. boto3 finds
the deploy role's credentials in it, as every other check has them, and none of the caller's own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from deploy.verification.model import Context, NotVerified, PythonCheck
from deploy.verification.words import MOST_BYTES, excerpt

if TYPE_CHECKING:
    from deploy.verification.place import Place

CALLED = Path(__file__).with_name("called.py")


def name(check: PythonCheck) -> str:
    return check.function


def see(check: PythonCheck, place: Place, over: threading.Event) -> str:
    module, _, function = check.function.partition(":")
    source_of(module, place.root)
    manifest = place.account.manifest
    context = Context(
        environment=manifest.environment,
        account=manifest.account,
        region=place.region,
        endpoint=place.account.sessions.endpoint or "",
        outputs=place.outputs(),
    )
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answered, tempfile.TemporaryFile() as printed:
        given.write(msgspec.json.encode(context))
        given.seek(0)
        command = [sys.executable, "-I", str(CALLED), str(place.root), module, function]
        process = subprocess.Popen(
            command, stdin=given, stdout=answered, stderr=printed, cwd=place.root, env=_environment(place), start_new_session=True
        )
        _end_of(process, over)
        return _judged(process.returncode, _tail(answered), _tail(printed))


def _environment(place: Place) -> dict[str, str]:
    """The machine's, with the deploy role instead of whoever runs the command."""
    others = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return others | place.credentials()


def source_of(module: str, root: Path) -> Path:
    """The file of a module below ``root``.

    Raises:
        NotVerified: there is none, or it is a link that leads out of the repository.
    """
    home = root.resolve()
    parts = module.split(".")
    for path in (home.joinpath(*parts).with_suffix(".py"), home.joinpath(*parts, "__init__.py")):
        if all(parts) and path.is_file():
            if not path.resolve().is_relative_to(home):
                raise NotVerified(f"module {module} is outside of this repository")
            return path
    raise NotVerified(f"module {module} is no file of this repository")


def _end_of(process: subprocess.Popen[bytes], over: threading.Event) -> None:
    """Wait for it, or end it with its whole session once nobody waits any more."""
    while process.poll() is None:
        if over.wait(0.05):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _judged(code: int, answer: bytes, printed: bytes) -> str:
    """The process answers ``{"text": ...}`` or ``{"reason": ...}``."""
    try:
        said = msgspec.json.decode(answer, type=dict[str, str])
    except msgspec.MsgspecError:
        said = {"reason": f"the process ended with {code} and no answer"}
    seen = "\n".join(part for part in (said.get("text", ""), excerpt(printed)) if part)
    if "reason" in said:
        raise NotVerified(said["reason"], seen)
    return seen


def _tail(file: IO[bytes]) -> bytes:
    """The end: a traceback's last lines say what it was."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - 4 * MOST_BYTES, 0))
    return file.read()
