"""Which module words which noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deploy.report.ink import PLAIN, Ink

if TYPE_CHECKING:
    from deploy.noun import Noun


def render(value: Noun | tuple[Noun, ...], form: str, ink: Ink = PLAIN) -> str:
    """``form``: text, json or markdown; Markdown is here for plans alone. What has no words of its own is shown as JSON;
    several records are a history.
    """
    from deploy.drifting import DriftReport
    from deploy.plan import Plan
    from deploy.record import History, Record, StatusReport
    from deploy.report import difference, drift, history, json, markdown, status, text, verification
    from deploy.verification.model import Verification

    if form == "json":
        return json.encode(value)
    if form == "markdown" and isinstance(value, Plan):
        return markdown.plan(value)
    if isinstance(value, tuple) and all(isinstance(one, Record) for one in value):
        value = History(records=cast("tuple[Record, ...]", value))
    match value:
        case Plan():
            return text.plan(value, ink)
        case StatusReport():
            return status.text(value, ink)
        case History():
            return history.text(value, ink)
        case Record():
            return history.record(value, ink)
        case Verification():
            return verification.text(value, ink)
        case DriftReport():
            return drift.text(value, ink)
        case difference.Templates():
            return difference.text(value, ink)
        case _:
            return json.encode(value)
