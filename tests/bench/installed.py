"""The peers' programs, each installed for this run alone: Python's in a virtual environment of their own, node's in a folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_SECONDS = 600


class NotInstalled(Exception):
    """A peer that this machine cannot have; the text says why."""


def from_pypi(folder: Path, package: str) -> Path:
    """The newest that PyPI has; the folder of its commands.

    Raises:
        NotInstalled: pip could not.
    """
    place = folder / f"venv-{package}"
    said([sys.executable, "-m", "venv", str(place)], folder)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if said([*pip, package], folder) is None:
        raise NotInstalled(f"pip could not install {package} here")
    return place / "bin"


def from_npm(place: Path, *packages: str) -> Path:
    """The newest that npm has, in a new folder.

    Raises:
        NotInstalled: no node, or npm could not.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        raise NotInstalled("node and npm are not on this machine")
    place.mkdir()
    (place / "package.json").write_text('{"name": "bench", "private": true}\n', encoding="utf-8")
    if said(["npm", "install", "--no-audit", "--no-fund", *packages], place) is None:
        raise NotInstalled("npm could not install it here")
    return place


def said(argv: Sequence[str], place: Path) -> str | None:
    """What a program prints; None where it fails."""
    try:
        done = subprocess.run(argv, cwd=place, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
