"""What would change in the templates themselves: a unified diff of what is deployed and what was built."""

from __future__ import annotations

import difflib
import json
from typing import Any

from deploy.noun import Noun
from deploy.report.ink import PLAIN, Ink, clean, one_line, plural


class TemplatePair(Noun, frozen=True, kw_only=True):
    """One stack's template as it is deployed and as it was built; None where there is none. ``path``: ``tap-dev-app/Compute``."""

    path: str
    deployed: dict[str, Any] | None = None
    built: dict[str, Any] | None = None


class Templates(Noun, frozen=True, kw_only=True):
    """Every template of an environment, root and nested."""

    pairs: tuple[TemplatePair, ...]

    @property
    def differ(self) -> bool:
        return any(pair.deployed != pair.built for pair in self.pairs)


def text(templates: Templates, ink: Ink = PLAIN) -> str:
    """Sorted keys on both sides, so that only meaning differs. One line when nothing does."""
    parts = [part for pair in templates.pairs if (part := _diff(pair, ink))]
    same = len(templates.pairs) - len(parts)
    if not parts:
        return f"No difference: {plural(same, 'template')} deployed as built.\n"
    return "\n".join([*parts, ink("dim", f"{plural(len(parts), 'template differs', 'templates differ')}, {same} the same.")]) + "\n"


def _diff(pair: TemplatePair, ink: Ink) -> str:
    before, after = _lines(pair.deployed), _lines(pair.built)
    name = one_line(pair.path)
    lines = difflib.unified_diff(before, after, f"deployed/{name}", f"built/{name}", lineterm="")
    return "\n".join(_coloured(clean(line), ink) for line in lines)


def _lines(template: dict[str, Any] | None) -> list[str]:
    return [] if template is None else json.dumps(template, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


def _coloured(line: str, ink: Ink) -> str:
    if line.startswith(("---", "+++")):
        return ink("bold", line)
    styles = {"@": "cyan", "+": "green", "-": "red"}
    return ink(styles.get(line[:1], ""), line)
