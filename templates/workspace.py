"""The build folder: what is in it, what a run would change, and all of that change or none.

A run knows its own files by `build/.cache/files`; whatever else lies in the folder is never touched. Files appear by
rename, after every byte of every one of them is on disk.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CACHE = ".cache"
_INDEX = f"{CACHE}/files"
_STAGING = f"{CACHE}/staging"
_PATIENCE = 30.0


class WorkspaceError(Exception):
    """The build folder cannot be written, with the reason of the operating system."""


class WorkspaceBusyError(WorkspaceError):
    """Another run has been writing into the build folder for longer than one waits."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Paths relative to the build folder. ``before`` holds the old bytes of what changes or goes."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    before: Mapping[str, bytes]

    @property
    def any(self) -> bool:
        return bool(self.new or self.changed or self.removed)


def compare(folder: Path, files: Mapping[str, bytes], scope: Callable[[str], bool]) -> Changes:
    """What writing ``files`` would change. ``scope`` says which of the recorded files this run answers for."""
    new, changed, unchanged = [], [], []
    before: dict[str, bytes] = {}
    for path, data in sorted(files.items()):
        old = _read(folder / path)
        if old is None:
            new.append(path)
        elif old == data:
            unchanged.append(path)
        else:
            changed.append(path)
            before[path] = old
    removed = []
    for path in sorted(_recorded(folder) - files.keys()):
        old = _read(folder / path)
        if scope(path) and old is not None:
            removed.append(path)
            before[path] = old
    return Changes(new=tuple(new), changed=tuple(changed), unchanged=tuple(unchanged), removed=tuple(removed), before=before)


def write(folder: Path, files: Mapping[str, bytes], changes: Changes) -> None:
    """Carry out ``changes``.

    Raises:
        WorkspaceError: nothing was changed; what had been renamed already is put back.
    """
    try:
        staged = _stage(folder, {path: files[path] for path in (*changes.new, *changes.changed)})
        _swap(folder, staged, changes)
        _record(folder, (_recorded(folder) - set(changes.removed)) | files.keys())
    except OSError as error:
        raise WorkspaceError(f"{error.filename or folder}: cannot be written ({error.strerror}): nothing was changed") from error
    finally:
        _sweep(folder / _STAGING)


@contextlib.contextmanager
def locked(folder: Path, wait: Callable[[str], None], patience: float = _PATIENCE) -> Iterator[None]:
    """Hold the build folder; call ``wait`` once where another run holds it.

    Raises:
        WorkspaceBusyError: it is still held after ``patience`` seconds.
        WorkspaceError: the folder cannot be written.
    """
    path = folder / CACHE / "lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a")
    except OSError as error:
        raise WorkspaceError(f"{error.filename or folder}: cannot be written ({error.strerror}): name another folder with --out") from error
    with handle:
        end, told = time.monotonic() + patience, False
        while not _try_lock(handle.fileno()):
            if time.monotonic() >= end:
                raise WorkspaceBusyError(f"{folder}: another run is writing into it: wait for its end, or name another folder with --out")
            if not told:
                wait(f"{folder}: another run is writing into it, waiting")
                told = True
            time.sleep(0.05)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _recorded(folder: Path) -> set[str]:
    """Files that earlier runs made. A line that leads out of the folder is not ours and is ignored."""
    text = _read(folder / _INDEX) or b""
    lines = text.decode("utf-8", "replace").splitlines()
    return {line for line in lines if line and not line.startswith((".", "/")) and ".." not in line.split("/")}


def _record(folder: Path, paths: set[str]) -> None:
    temporary = folder / f"{_INDEX}.new"
    temporary.write_text("".join(f"{path}\n" for path in sorted(paths)), encoding="utf-8")
    temporary.replace(folder / _INDEX)


def _stage(folder: Path, files: Mapping[str, bytes]) -> dict[str, Path]:
    """Write every byte beside its place first, so that a full disk is found before anything is renamed."""
    staging = folder / _STAGING
    _sweep(staging)
    staging.mkdir(parents=True)
    staged = {}
    for number, (path, data) in enumerate(files.items()):
        staged[path] = staging / str(number)
        descriptor = os.open(staged[path], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(data)
        staged[path].chmod(0o644)
    return staged


def _swap(folder: Path, staged: Mapping[str, Path], changes: Changes) -> None:
    done: list[str] = []
    try:
        for path, temporary in staged.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
            done.append(path)
        for path in changes.removed:
            (folder / path).unlink()
            done.append(path)
    except OSError:
        _put_back(folder, done, changes)
        raise
    _remove_empty(folder, changes.removed)


def _put_back(folder: Path, done: list[str], changes: Changes) -> None:
    for path in done:
        if path in changes.before:
            (folder / path).write_bytes(changes.before[path])
        else:
            (folder / path).unlink(missing_ok=True)


def _remove_empty(folder: Path, removed: tuple[str, ...]) -> None:
    for parent in sorted({(folder / path).parent for path in removed}, key=lambda path: -len(path.parts)):
        while parent != folder and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
            parent = parent.parent


def _sweep(staging: Path) -> None:
    with contextlib.suppress(OSError):
        for path in staging.iterdir():
            path.unlink()
        staging.rmdir()
