"""Files that must survive: whole or not at all, and on disk before the caller goes on."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from deploy.errors import Invalid, OutcomeUnknown


def write(path: Path, data: bytes) -> None:
    """Raises:
    Invalid: something stands there that is no file, and would be lost.
    OutcomeUnknown: the disk does not take it; nothing was sent to AWS for it.
    """
    try:
        if path.exists() and not path.is_file():
            raise Invalid(f"file {path}", "it is no ordinary file, and would be replaced by one", "name another")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        remedy = (
            "make room, then run the same command again" if full else "name a file that can be written, then run the same command again"
        )
        raise OutcomeUnknown(f"file {path}", f"it cannot be written: {error.strerror}", remedy) from error


def _sync_folder(folder: Path) -> None:
    """The name itself must survive as well."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
