"""Function code as zip files whose bytes depend on nothing but the names and the contents of the sources.

Fixed order, times and modes, and no compression: zlib's output differs between its versions and its replacements, so a
compressed zip would be another asset on another machine. The sources are small; nothing is lost.
"""

from __future__ import annotations

import io
import os
import re
import stat
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

HANDLERS = Path(__file__).parent / "handlers"
SHARED = "shared"

_FOLDER = re.compile("[a-z][a-z0-9_]*")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_UNIX = 3


class AssetError(ValueError):
    """A handler's folder cannot be packed as it is."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One function's code, ready to publish."""

    name: str
    sha256: str
    data: bytes = field(repr=False)


@cache
def package(folder: str, root: Path = HANDLERS) -> Asset:
    """Zip ``root``/``folder`` with ``root``/shared beside its handler.py. Read once a process.

    Raises:
        AssetError: no such folder, no handler.py in it, a symlink, a special file or a name that is not ASCII.
    """
    if not _FOLDER.fullmatch(folder) or folder == SHARED:
        raise AssetError(f"handler {folder!r}: expected the name of a folder in {root.name}/ other than {SHARED}")
    files = _files(root / folder, "")
    if "handler.py" not in files:
        raise AssetError(f"handler {folder}: {root.name}/{folder}/handler.py is missing: Lambda calls the function handler in it")
    taken = sorted(name for name in files if name.split("/")[0] in (SHARED, f"{SHARED}.py"))
    if taken:
        raise AssetError(f"handler {folder}: {taken[0]} would hide the folder {SHARED}/: rename it")
    data = _zip(files | _files(root / SHARED, f"{SHARED}/"))
    return Asset(name=folder, sha256=sha256(data).hexdigest(), data=data)


def handlers(root: Path = HANDLERS) -> tuple[str, ...]:
    """Names of all functions that there are sources for."""
    return tuple(sorted(path.parent.name for path in root.glob("*/handler.py")))


def asset_key(digest: str) -> str:
    """Where an asset is published in the artifact bucket."""
    return f"assets/{digest}.zip"


def snapshot(asset: Asset, *configuration: str) -> str:
    """Eight hex digits for the logical id of an AWS::Lambda::Version: other code or configuration, other digits."""
    digest = sha256()
    for part in (asset.sha256, *configuration):
        # The length keeps ("ab", "c") and ("a", "bc") apart.
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()[:8]


def _files(folder: Path, prefix: str) -> dict[str, bytes]:
    """Name in the zip -> content, of everything but hidden files and what Python or an operating system left there."""
    found: dict[str, bytes] = {}
    if folder.is_symlink() or not folder.is_dir():
        raise AssetError(f"handler folder {folder.name}/: there is no such folder in {folder.parent.name}/, or it is a symlink")
    for entry in os.scandir(folder):
        name, mode = prefix + entry.name, entry.stat(follow_symlinks=False).st_mode
        if entry.name.startswith(".") or entry.name == "__pycache__" or entry.name.endswith(".pyc"):
            continue
        if not entry.name.isascii():
            raise AssetError(f"handler file {name!r}: the name is not ASCII, and file systems spell such names differently: rename it")
        if stat.S_ISDIR(mode):
            found |= _files(Path(entry.path), f"{name}/")
        elif stat.S_ISREG(mode):
            found[name] = Path(entry.path).read_bytes()
        else:
            raise AssetError(f"handler file {name}: is a symlink or a special file: put a plain file there")
    return found


def _zip(files: dict[str, bytes]) -> bytes:
    # Here, for whoever only asks for a key does not pay for zipfile's imports.
    from zipfile import ZIP_STORED, ZipFile, ZipInfo

    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for name in sorted(files):
            info = ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = _UNIX, (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()
