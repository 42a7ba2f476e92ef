"""The project's own invariants, one module each: every module of this folder with a RULE is one."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from templates.validation.rules.rule import Rule, Violation

__all__ = ["RULES", "Rule", "Violation"]


def _load() -> tuple[Rule, ...]:
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "rule"))
    rules = [import_module(f"{__name__}.{name}").RULE for name in names]
    return tuple(sorted(rules, key=lambda rule: str(rule.id)))


RULES = _load()
