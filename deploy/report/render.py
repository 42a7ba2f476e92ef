"""Which module words which noun, and imports no other."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

from deploy.report.ink import PLAIN, Ink

if TYPE_CHECKING:
    from deploy.noun import Noun

# Noun -> the module of deploy.report, and its function of (noun, ink).
_WORDS = {
    "deploy.clearing.choice.Choice": ("clearing", "text"),
    "deploy.drifting.DriftReport": ("drift", "text"),
    "deploy.index.Places": ("promotion", "places"),
    "deploy.parity.report.Parity": ("parity", "text"),
    "deploy.plan.Plan": ("text", "plan"),
    "deploy.promotion.ground.Approved": ("promotion", "approved"),
    "deploy.promotion.verdict.Promoted": ("promotion", "gates"),
    "deploy.record.History": ("history", "text"),
    "deploy.record.Record": ("history", "record"),
    "deploy.record.StatusReport": ("status", "text"),
    "deploy.readback.ReadBack": ("readback", "text"),
    "deploy.report.difference.Templates": ("difference", "text"),
    "deploy.setting.Changes": ("configuration", "changes"),
    "deploy.setting.Configuration": ("configuration", "text"),
    "deploy.setting.Differences": ("configuration", "differences"),
    "deploy.setting.Value": ("configuration", "value"),
    "deploy.stacksets.model.SetDrift": ("stack_sets", "drift"),
    "deploy.stacksets.model.SetPlan": ("stack_sets", "plan"),
    "deploy.stacksets.model.SetStatus": ("stack_sets", "status"),
    "deploy.stacksets.model.Stopped": ("stack_sets", "stopped"),
    "deploy.verification.model.Verification": ("verification", "text"),
}
# The same in other forms; these need no ink.
_FORMS = {
    ("deploy.plan.Plan", "markdown"): ("markdown", "plan"),
    ("deploy.stacksets.model.SetDrift", "markdown"): ("stack_sets", "drift_markdown"),
    ("deploy.stacksets.model.SetPlan", "markdown"): ("stack_sets", "plan_markdown"),
    ("deploy.stacksets.model.SetStatus", "markdown"): ("stack_sets", "status_markdown"),
    ("deploy.parity.report.Parity", "markdown"): ("parity", "markdown"),
    ("deploy.parity.report.Parity", "sarif"): ("parity", "sarif"),
}


def render(value: Noun | tuple[Noun, ...], form: str, ink: Ink = PLAIN) -> str:
    """``form``: text, json, or another that the noun has. What has no words of its own is shown as JSON; several records are a history."""
    from deploy.report import json

    if isinstance(value, tuple):
        from deploy.record import History, Record

        if form == "json" or not all(isinstance(one, Record) for one in value):
            return json.encode(value)
        value = History(records=cast("tuple[Record, ...]", value))
    kind = f"{type(value).__module__}.{type(value).__name__}"
    if place := _FORMS.get((kind, form)):
        return str(_function(*place)(value))
    if form == "json" or kind not in _WORDS:
        return json.encode(value)
    return str(_function(*_WORDS[kind])(value, ink))


def _function(module: str, name: str) -> Callable[..., str]:
    found: Callable[..., str] = getattr(import_module(f"deploy.report.{module}"), name)
    return found
