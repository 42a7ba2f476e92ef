"""What a person or a program reads of each sample, word for word.

Written anew by ``TAPLINE_GOLDENS=write python -m pytest tests/report/test_goldens.py``; read the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.noun import Noun
from deploy.report import drift
from deploy.report.ink import Ink
from deploy.report.render import render
from tests.report.samples import DRIFT, NOUNS, PARITIES, PLANS

FOLDER = Path(__file__).parent / "golden"
SUFFIXES = {"text": "txt", "markdown": "md", "json": "json", "sarif": "sarif"}
CASES = [(name, form, noun) for name, noun in PLANS.items() for form in ("text", "markdown", "json")] + [
    (name, form, noun) for name, noun in NOUNS.items() for form in ("text", "json")
]
CASES += [(name, "markdown", NOUNS[name]) for name in ("stackset-plan", "stackset-status", "stackset-drift")]
CASES += [(name, form, noun) for name, noun in PARITIES.items() for form in SUFFIXES]


def golden(name: str, text: str) -> None:
    path = FOLDER / name
    if os.environ.get("TAPLINE_GOLDENS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "form", "noun"), CASES, ids=[f"{name}-{form}" for name, form, _ in CASES])
def test_a_sample_reads_as_it_did(name: str, form: str, noun: Noun) -> None:
    golden(f"{name}.{SUFFIXES[form]}", render(noun, form, Ink(width=100)))


@pytest.mark.parametrize("name", ["everything"])
def test_a_sample_reads_as_it_did_in_a_narrow_terminal_without_unicode(name: str) -> None:
    golden(f"{name}-narrow.txt", render(PLANS[name], "text", Ink(width=60, ascii=True)))


def test_drift_reads_as_it_did_in_a_pull_request_and_on_a_code_host() -> None:
    golden("drift.md", drift.markdown((DRIFT,)))
    golden("drift.sarif", drift.sarif((DRIFT,), {"Messaging/JobsQueue": "templates/messaging.py:34"}))
    assert len(drift.markdown((DRIFT,), limit=400)) <= 400


def test_there_is_no_golden_that_nobody_reads() -> None:
    known = {f"{name}.{SUFFIXES[form]}" for name, form, _ in CASES} | {"everything-narrow.txt", "drift.md", "drift.sarif"}
    assert {path.name for path in FOLDER.iterdir()} == known
