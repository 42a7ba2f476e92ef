"""The outputs check: the environment's stacks give these outputs, and none is empty."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from deploy.verification.model import NotVerified, OutputsCheck

if TYPE_CHECKING:
    from deploy.verification.place import Place


def name(check: OutputsCheck) -> str:
    return ", ".join(check.outputs)


def see(check: OutputsCheck, place: Place, over: threading.Event) -> str:
    found = place.outputs()
    seen = "\n".join(f"{output} = {found[output]}" for output in check.outputs if output in found)
    if missing := [output for output in check.outputs if not found.get(output, "").strip()]:
        raise NotVerified(f"missing or empty: {', '.join(missing)}", seen)
    return seen
