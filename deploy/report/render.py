"""Which module words which noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deploy.report.ink import PLAIN, Ink

if TYPE_CHECKING:
    from deploy.noun import Noun


def render(value: Noun | tuple[Noun, ...], form: str, ink: Ink = PLAIN) -> str:
    """``form``: text, json, markdown or sarif; Markdown is there for plans, parity and drift, SARIF for the last two. What has no words of its own is shown as JSON;
    several records are a history.
    """
    from deploy.drifting import DriftReport
    from deploy.index import Places
    from deploy.parity.report import Parity
    from deploy.plan import Plan
    from deploy.promotion.ground import Approved
    from deploy.promotion.verdict import Promoted
    from deploy.record import History, Record, StatusReport
    from deploy.report import configuration, difference, drift, history, json, markdown, parity, promotion, status, text, verification
    from deploy.setting import Changes, Configuration, Differences, Value
    from deploy.verification.model import Verification

    if form == "json":
        return json.encode(value)
    if form == "markdown" and isinstance(value, Plan):
        return markdown.plan(value)
    if isinstance(value, Parity) and form in ("markdown", "sarif"):
        return parity.markdown(value) if form == "markdown" else parity.sarif(value)
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
        case Parity():
            return parity.text(value, ink)
        case DriftReport():
            return drift.text(value, ink)
        case difference.Templates():
            return difference.text(value, ink)
        case Promoted():
            return promotion.gates(value, ink)
        case Places():
            return promotion.places(value, ink)
        case Approved():
            return promotion.approved(value, ink)
        case Configuration():
            return configuration.text(value, ink)
        case Value():
            return configuration.value(value, ink)
        case Changes():
            return configuration.changes(value, ink)
        case Differences():
            return configuration.differences(value, ink)
        case _:
            return json.encode(value)
