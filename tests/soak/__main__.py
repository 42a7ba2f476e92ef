"""`make soak`: a thousand random sequences against the local AWS, resumable, figures to docs/reliability.md."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from deploy.local.server import LocalAws, Options
from tests.conftest import ROOT
from tests.soak.rules import Soak, run_as

STATE = ROOT / "build" / "soak.json"
BATCH = 10
STEPS = 8
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--sequences", type=int, default=1000, help="how many in all (1000)")
    parser.add_argument("--again", action="store_true", help="begin anew instead of where the last run ended")
    parser.add_argument("--seed", type=int, help="run the batch of one seed alone, as a failure printed it")
    given = parser.parse_args()
    if given.again:
        STATE.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="soak-aws-") as folder:
        server = LocalAws(folder=Path(folder))
        Soak.url = server.start(Options(minute_seconds=0.2, change_set_seconds=0.01, page_size=20)).url
        try:
            if given.seed is not None:
                return 0 if batch(given.seed) is None else 1
            return soak(given.sequences)
        finally:
            server.stop()


def soak(sequences: int) -> int:
    """Batches until there are enough; each has its number as its seed."""
    state: dict[str, Any] = json.loads(STATE.read_text()) if STATE.exists() else {"sequences": 0, "next": 1, "failures": [], "seconds": 0.0}
    while state["sequences"] < sequences:
        number, began = state["next"], time.monotonic()
        failure = batch(number)
        state["seconds"] += time.monotonic() - began
        state["sequences"] += BATCH
        state["next"] = number + 1
        if failure:
            state["failures"].append({"seed": number, "what": failure})
        STATE.parent.mkdir(exist_ok=True)
        STATE.write_text(json.dumps(state))
        say(
            f"seed {number}: {'FAILED ' + failure if failure else 'held'}  ({state['sequences']} of {sequences} sequences, {state['seconds']:.0f} s)"
        )
    write(state)
    return 1 if state["failures"] else 0


def batch(number: int) -> str | None:
    """Why a batch failed; None where everything held."""
    try:
        run_state_machine_as_test(seed(number)(Soak), settings=run_as(examples=BATCH, steps=STEPS))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the soak is for
        traceback.print_exc()
        return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return None


def write(state: dict[str, Any]) -> None:
    """The figures, between two marks in the document."""
    failures = "\n".join(f"- seed {one['seed']}: {one['what']}" for one in state["failures"]) or "No sequence broke an invariant."
    figures = f"{state['sequences']} sequences of up to {STEPS} steps in {state['seconds'] / 60:.0f} minutes, on seeds 1 to {state['next'] - 1}.\n\n{failures}"
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", encoding="utf-8")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
