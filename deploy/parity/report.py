"""What parity says of some environments: what differs and why that is allowed, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from deploy.noun import Noun
from deploy.parity.judgement import Side, gate, unexplained
from deploy.parity.proof import Finding, Proof, Proven


class Explained(Noun, frozen=True, kw_only=True):
    """A field that differs. ``values`` and ``places`` by environment; ``parts``: what of the templates comes from it."""

    field: str
    values: dict[str, Any]
    places: dict[str, str]
    parts: tuple[str, ...]


class Carried(Noun, frozen=True, kw_only=True):
    """A text of the environments' own. ``values``, and ``uses``: how often each stands somewhere."""

    field: str
    values: dict[str, str]
    uses: dict[str, int]


class Parity(Noun, frozen=True, kw_only=True):
    """``environments``: the first is the one that the others are compared with; ``live``: whether what is deployed was asked."""

    environments: tuple[str, ...]
    live: bool
    explained: tuple[Explained, ...]
    carried: tuple[Carried, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def parity(proof: Proof, names: Sequence[str], side: Callable[[str], Side]) -> Parity:
    """``side``: an environment as it is built, asked for one after the other, so that thirty of them are not held at once."""
    first, *others = sorted(names, key=lambda name: (name != proof.reference, names.index(name)))
    proven = [one for name in (first, *others) if (one := proof.of(name))]
    findings, notes = list(gate(proof, *names)), [note for one in proven for note in _notes(one)]
    against = side(first)
    for name in others:
        found, renamed = unexplained(against, side(name), findings)
        findings += found
        notes += renamed
    return Parity(
        environments=(first, *others),
        live=False,
        explained=tuple(explained(proof, proven)),
        carried=tuple(_carried(proven)),
        findings=tuple(findings),
        notes=tuple(dict.fromkeys(notes)),
    )


def explained(proof: Proof, proven: Iterable[Proven]) -> Iterable[Explained]:
    """The fields in which these differ among themselves."""
    sides = list(proven)
    fields = {field.field: field for one in proof.environments for field in one.fields}
    for name, any_ in fields.items():
        own = {one.environment: next((field for field in one.fields if field.field == name), None) for one in sides}
        values = {environment: field.after if field else any_.before for environment, field in own.items()}
        if any(value != next(iter(values.values())) for value in values.values()):
            yield Explained(
                field=name,
                values=values,
                places={environment: field.place for environment, field in own.items() if field},
                parts=tuple(sorted({part for field in own.values() if field for part in field.parts})),
            )


def _carried(proven: Sequence[Proven]) -> Iterable[Carried]:
    for name in dict.fromkeys(text.field for one in proven for text in one.texts):
        own = {one.environment: text for one in proven for text in one.texts if text.field == name}
        yield Carried(field=name, values={key: text.value for key, text in own.items()}, uses={key: text.uses for key, text in own.items()})


def _notes(one: Proven) -> Iterable[str]:
    for path, name in one.renamed.items():
        service, _, logical_id = path.split("/")
        yield f"{one.environment}: {service}/{logical_id} is {name} elsewhere, with the same content: another resource by its history"
    for field in one.kept:
        yield f"{one.environment}: there is no other text to put in place of its {field}; what hangs on it was not looked for"
