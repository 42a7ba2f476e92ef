"""Verdicts by content: a template that was judged once with the same checkers is not judged again.

The file proves itself by a digest over its own bytes; one that is missing, cut, changed or of another format is ignored.
Only finished verdicts are kept, and a verdict is all that a checker found: the allow-list is applied afterwards.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

import msgspec

from templates.stamp import installed
from templates.validation.finding import Finding

FORMAT = b"tapline verdicts 1"
_MOST = 2000
_CHECKERS = ("cfn_lint-", "cloudformation_validate-")
ROOT = Path(__file__).parents[2]
# What rules know from elsewhere in these sources; a test holds that nothing is missing.
_BESIDE = (
    "deploy/stateful.py",
    "env/model.py",
    "resources/naming.py",
    "resources/registry.json",
    "resources/registry.py",
    "templates/root.py",
)

Verdicts = dict[str, tuple[Finding, ...]]


def load(path: Path | None) -> Verdicts:
    """Every verdict that the file holds; none where it proves nothing."""
    if path is None:
        return {}
    try:
        head, digest, payload = path.read_bytes().split(b"\n", 2)
        if head != FORMAT or digest.decode() != _digest(payload):
            return {}
        return msgspec.json.decode(payload, type=Verdicts)
    except (OSError, ValueError, msgspec.DecodeError):
        return {}


def store(path: Path | None, verdicts: Verdicts, used: Iterable[str]) -> None:
    """Keep the verdicts, those of this run last, and the newest of the older ones. A cache that cannot be written is none."""
    if path is None:
        return
    last = set(used)
    kept = {key: found for key, found in verdicts.items() if key not in last} | {key: verdicts[key] for key in sorted(last)}
    newest = dict(list(kept.items())[-_MOST:])
    payload = msgspec.json.encode(newest)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(b"\n".join((FORMAT, _digest(payload).encode(), payload)))
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()


def key(*parts: bytes | str) -> str:
    """The name of a verdict: whatever the verdict depends on, in order."""
    total = blake2b(digest_size=20)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def checkers(root: Path = ROOT) -> str:
    """Versions of the checkers and a digest of our own rules: what makes every earlier verdict worthless when it changes."""
    versions = [name for name in installed() if name.startswith(_CHECKERS)]
    total = blake2b(digest_size=20)
    for path in (*sorted((root / "templates/validation").rglob("*.py")), *(root / name for name in _BESIDE)):
        total.update(path.read_bytes())
    return f"{versions} {total.hexdigest()}"


def _digest(payload: bytes) -> str:
    return blake2b(payload, digest_size=20).hexdigest()
