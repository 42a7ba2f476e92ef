"""Two environments beside the proof: a difference is allowed where a field of the environment file explains it, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deploy.parity.difference import compared, folded
from deploy.parity.form import Document, Form, Path, form, pointer, spelled
from deploy.parity.proof import Finding, Proof, Proven


@dataclass(frozen=True, kw_only=True)
class Side:
    """One environment: its templates and what matters of its manifest, as built or as deployed, and what is proven of it.

    ``lines``: ``compute/ApiFunction`` -> the builder's line, where it is known.
    """

    documents: Mapping[str, Document]
    proven: Proven
    lines: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.proven.environment


def gate(proof: Proof, *environments: str) -> tuple[Finding, ...]:
    """What stands against calling these the same infrastructure, by the proof alone: for a release whose sources are not here."""
    return tuple(finding for finding in proof.findings if finding.environment in environments)


def unexplained(one: Side, other: Side, known: Iterable[Finding] = ()) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What differs and comes from no field, less what is among ``known`` already; and in words what was only renamed."""
    left, right = _form(one), _form(other)
    result = compared(left, right)
    allowed = {part for side in (one, other) for fields in side.proven.fields for part in fields.parts}
    said = {finding.path for finding in known}
    leaves = [
        path
        for path in result.leaves
        if not _within(path, allowed) and not any(_within(_spelled(path, side), said) for side in (one, other))
    ]
    findings = tuple(
        Finding(
            kind="unexplained",
            environment=other.name,
            other=one.name,
            path=pointer(path),
            has=has,
            expected=wants,
            origin=_line(path, (other, one)),
        )
        for path, (wants, has) in folded(leaves, left, result.second).items()
    )
    return findings, tuple(_renamed(one, other, path, name) for path, name in result.renamed.items())


def _form(side: Side) -> Form:
    made = form(side.documents, {text.value: text.field for text in reversed(side.proven.texts)})
    for path, leaf in side.proven.corrections.items():
        made.pop(tuple(path.split("/")), None)
        if leaf is not None:
            made[tuple(path.split("/"))] = leaf
    return made


def _within(path: Path, parts: Iterable[str]) -> bool:
    return any(pointer(path[:end]) in parts for end in range(1, len(path) + 1))


def _spelled(path: Path, side: Side) -> Path:
    return next(iter(spelled({path: "0"}, {text.field: text.value for text in side.proven.texts})))


def _line(path: Path, sides: Iterable[Side]) -> str:
    keys = ("/".join((path[0], path[2])),) if len(path) > 2 else ()
    return next((side.lines[key] for side in sides for key in keys if key in side.lines), "")


def _renamed(one: Side, other: Side, path: Path, name: str) -> str:
    return f"{path[0]}: what is {name} in {one.name} is {path[2]} in {other.name}, with the same content: another resource by its history"
