"""Proof that there is nothing to do: a digest over everything that a run reads, and one over everything that it wrote.

This module is the whole of a run that changes nothing, so it imports next to nothing: no pathlib, no hashlib, no json.
A stamp that is missing, damaged or of another command line proves nothing, and the run goes on as if there were none.
"""

from __future__ import annotations

import os
import sys
import time
from _blake2 import blake2b

# Defaults are relative to the checkout, from whatever folder the command is started.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SOURCES = (
    "env",
    "resources",
    "templates",
    "deploy/manifest.py",
    "deploy/stateful.py",
    "deploy/structure.py",
    "deploy/noun.py",
    "deploy/parity",
    "generate.py",
)
_FORMAT = "tapline stamp 1"


class Stamp:
    """The stamp of one command line. ``valid`` gives what to print where nothing is to be done."""

    def __init__(self, *, arguments: list[str]) -> None:
        self.arguments = arguments
        # Only the plain command lines are worth a stamp: environment names, or nothing at all.
        self.plain = not any(argument.startswith("-") for argument in arguments)
        self.out = os.path.join(ROOT, "build")
        self.path = os.path.join(self.out, ".cache", "stamp")

    def valid(self) -> str | None:
        """The text of the last run with this command line, if nothing it read or wrote has changed since."""
        try:
            with open(self.path, encoding="utf-8") as handle:
                head, arguments, inputs, outputs, count, rest = handle.read().split("\n", 5)
            lines = rest.split("\n", int(count))
            files, text = lines[:-1], lines[-1]
            if not self.plain or head != _FORMAT or arguments != repr(self.arguments):
                return None
            return text if inputs == self.inputs() and outputs == self._digest(files) else None
        except (OSError, ValueError):
            return None

    def write(self, files: list[str], text: str) -> None:
        """Remember a run: the paths that it answers for, relative to the build folder, and what it would print again."""
        if not self.plain:
            return
        lines = (_FORMAT, repr(self.arguments), self.inputs(), self._digest(files), str(len(files)), *files, text)
        temporary = f"{self.path}.{os.getpid()}"
        with open(temporary, "w", encoding="utf-8") as handle:
            handle.write("\n".join(lines))
        os.replace(temporary, self.path)

    def inputs(self) -> str:
        """Sources, commit, interpreter, the versions of what is installed, and the day (allowances expire)."""
        total = blake2b(digest_size=16)
        total.update(repr((sys.version, time.strftime("%Y-%m-%d"), installed())).encode())
        for path in sorted(_walk(_SOURCES)):
            total.update(f"\0{path}\0".encode())
            total.update(_read(os.path.join(ROOT, path)))
        total.update(_commit())
        return total.hexdigest()

    def _digest(self, files: list[str]) -> str:
        total = blake2b(digest_size=16)
        for path in files:
            total.update(f"\0{path}\0".encode())
            total.update(_read(os.path.join(self.out, path)))
        return total.hexdigest()


def _walk(sources: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    folders = [source for source in sources if not source.endswith(".py")]
    while folders:
        folder = folders.pop()
        for entry in os.scandir(os.path.join(ROOT, folder)):
            path = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    folders.append(path)
            elif not entry.name.startswith("."):
                found.append(path)
    return found + [source for source in sources if source.endswith(".py")]


def installed() -> list[str]:
    """Names and versions of the installed packages, as pip names their folders."""
    for folder in sys.path:
        if folder.endswith("site-packages") and os.path.isdir(folder):
            return sorted(name for name in os.listdir(folder) if name.endswith(".dist-info"))
    return []


def _commit() -> bytes:
    """What git's HEAD says, and the commit of the branch that it names; empty outside a repository."""
    head = _read(os.path.join(ROOT, ".git", "HEAD"), missing=b"")
    if head.startswith(b"ref: "):
        name = head[5:].strip().decode()
        return head + (
            _read(os.path.join(ROOT, ".git", name), missing=b"") or _read(os.path.join(ROOT, ".git", "packed-refs"), missing=b"")
        )
    return head


def _read(path: str, missing: bytes | None = None) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        if missing is None:
            raise
        return missing
    try:
        return os.read(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)
