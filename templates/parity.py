"""The proof of parity: the environments differ in nothing but what their files say (docs/design.md).

Two things are shown. An environment whose own texts are exchanged gives the same templates with those texts exchanged: so nothing
was decided by a name, an account or a region. And on the way from the reference to each environment, a field at a time, every part that
changes is written down under the field that changed it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from deploy.parity.difference import Sides, compared, differing, folded
from deploy.parity.form import MANIFEST, Document, Form, Path, form, named, pointer, spelled
from deploy.parity.proof import VERSION, Field, Finding, Proof, Proven, Text
from env.document import Path_
from env.fields import varying
from env.model import Environment
from templates import manifest as manifests
from templates.build import SERVICES, BuildError
from templates.influence import with_value
from templates.neutral import Neutral, fields_between, neutral, plain, texts, with_field
from templates.reading import Copy
from templates.root import WiringError

if TYPE_CHECKING:
    from env.document import Place

Make = Callable[[Environment], Copy]
_FIRST = "dev"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is proven: an environment as it is written, and the same under neutral texts; ``failed``: why that cannot be built."""

    env: Environment
    copy: Copy
    other: Neutral
    bare: Copy
    manifest: str = ""
    failed: str = ""


def prove(
    environments: Sequence[Environment],
    make: Make,
    copies: Mapping[str, Copy],
    places: Mapping[tuple[str, str], Place],
    digests: Mapping[str, str],
) -> Proof:
    """``make``: builds what nobody wrote; ``copies``: what is written, by environment; ``digests``: of the manifests."""
    corpus = json.dumps([[one.documents, texts(env)] for env in environments for one in [copies[env.name]]])
    taken: dict[str, str] = {}
    subjects = []
    for env in environments:
        other = neutral(env, corpus, taken)
        bare, failed = _made(make, other.env)
        manifest = digests.get(env.name, "")
        subjects.append(Subject(env=env, copy=copies[env.name], other=other, bare=bare, manifest=manifest, failed=failed))
    run = _Run(make=make, places=places, words=taken)
    reference = next((one for one in subjects if one.env.name == _FIRST), subjects[0])
    proven, findings = [], []
    for subject in subjects:
        one, found = run.proven(subject, reference)
        proven.append(one)
        findings += found
    return Proof(version=VERSION, reference=reference.env.name, environments=tuple(proven), findings=tuple(findings))


@dataclass(frozen=True, kw_only=True)
class _Run:
    """``words``: neutral texts -> their fields."""

    make: Make
    places: Mapping[tuple[str, str], Place]
    words: Mapping[str, str]

    def proven(self, subject: Subject, reference: Subject) -> tuple[Proven, list[Finding]]:
        name, own = subject.env.name, texts(subject.env)
        if subject.failed:
            return self._unbuilt(subject, reference)
        real = {service: named(document, _words(own)) for service, document in subject.copy.documents.items()}
        bare = {service: named(document, self.words) for service, document in subject.bare.documents.items()}
        moved = {service for service in real.keys() | bare.keys() if real.get(service) != bare.get(service)}
        findings, renamed, corrections = self._identity(subject, reference, moved) if moved else ([], {}, {})
        fields: list[Field] = []
        if subject is not reference and not reference.failed:
            findings += self._not_varying(subject, reference)
            fields, more = self._walk(subject, reference)
            findings += more
        return Proven(
            environment=name,
            manifest=subject.manifest,
            texts=tuple(Text(field=key, place=self._place(name, key), value=own[key], uses=_uses(bare, key)) for key in own),
            fields=tuple(fields),
            corrections=corrections,
            renamed=renamed,
            kept=subject.other.kept,
        ), findings

    def _unbuilt(self, subject: Subject, reference: Subject) -> tuple[Proven, list[Finding]]:
        """That it can be built at all hangs on what it is called or where it is."""
        name = subject.env.name
        finding = Finding(
            kind="identity",
            environment=name,
            other=reference.env.name,
            path="",
            has=json.dumps("it can be built"),
            expected=json.dumps(subject.failed),
            place=self._place(name, "name"),
            origin="templates/build.py:1",
        )
        return Proven(environment=name, manifest=subject.manifest, texts=(), fields=(), corrections={}, renamed={}), [finding]

    def _identity(
        self, subject: Subject, reference: Subject, services: set[str]
    ) -> tuple[list[Finding], dict[str, str], dict[str, str | None]]:
        """What is otherwise under another name, account or region; and where the environment's texts are words of the templates as well."""
        own = texts(subject.env)
        written = {service: document for service, document in subject.copy.documents.items() if service in services}
        under = {service: document for service, document in subject.bare.documents.items() if service in services}
        real, said, bare = form(written, _words(own)), form(written, {}), form(under, self.words)
        given = spelled(bare, own)
        result = compared(given, said)
        sides = folded(result.leaves, given, result.second)
        findings = [self._finding(subject, reference, path, has, wants) for path, (wants, has) in sides.items()]
        wrong = set(result.leaves)
        words = [path for path in differing(real, bare) if _spelled(path, own) not in wrong and not result.renamed]
        return findings, {pointer(path): name for path, name in result.renamed.items()}, {pointer(path): bare.get(path) for path in words}

    def _finding(self, subject: Subject, reference: Subject, path: Path, has: str | None, wants: str | None) -> Finding:
        name = subject.env.name
        because = next((key for key in texts(subject.env) if self._hangs_on(subject, path, key)), "")
        return Finding(
            kind="identity",
            environment=name,
            other=reference.env.name,
            path=pointer(path),
            has=has,
            expected=wants,
            origin=_line((subject.copy, subject.bare), path),
            place=self._place(name, because),
            because=because,
        )

    def _hangs_on(self, subject: Subject, path: Path, key: str) -> bool:
        """Whether exchanging this one text changes that one part."""
        if key not in subject.other.texts:
            return False
        own = texts(subject.env)
        changed = msgspec.convert(with_value(plain(subject.env), _path(key), subject.other.texts[key]), Environment)
        try:
            made = self.make(changed)
        except (BuildError, WiringError):
            return False
        service = path[0]
        other = spelled(form({service: made.documents.get(service, {})}, {subject.other.texts[key]: key}), own)
        said = form({service: subject.copy.documents.get(service, {})}, {})
        return _below(other, path) != _below(said, path)

    def _not_varying(self, subject: Subject, reference: Subject) -> Iterator[Finding]:
        """By construction of the loader there is none; whoever makes environments otherwise is told."""
        name, known = subject.env.name, {*varying(), "name"}
        before, after = plain(reference.env), plain(subject.env)
        for key, path in fields_between(reference.env, subject.env):
            if key not in known and path[0] != "tools":
                yield Finding(
                    kind="field",
                    environment=name,
                    other=reference.env.name,
                    path=key,
                    has=json.dumps(_at(after, path)),
                    expected=json.dumps(_at(before, path)),
                    origin="env/model.py:1",
                    place=self._place(name, key),
                )

    def _walk(self, subject: Subject, reference: Subject) -> tuple[list[Field], list[Finding]]:
        """From the reference's values to the environment's, all under neutral texts, one field after the other."""
        name, data, goal = subject.env.name, plain(reference.other.env), plain(subject.other.env)
        values = plain(reference.env), plain(subject.env)
        before = reference.bare
        pending: list[tuple[str, Path_]] = []
        fields: list[Field] = []
        findings: list[Finding] = []
        for key, path in fields_between(reference.other.env, subject.other.env):
            data = with_field(data, path, _at(goal, path))
            pending.append((key, path))
            try:
                after = self.make(msgspec.convert(data, Environment))
            except (msgspec.ValidationError, BuildError, WiringError):
                continue  # these values cannot stand together; the next field mends it, and both explain what changed
            parts = self._parts(before, after)
            carried = any(text == key or text.startswith(f"{key}[") for text in subject.other.texts)
            if carried:
                # A text that is longer or shorter may be cut elsewhere; that it decides a number, or what there is, is another matter.
                findings += [self._finding(subject, reference, part, has, was) for part, (was, has) in parts.items() if _decided(was, has)]
                parts = {part: sides for part, sides in parts.items() if not _decided(*sides)}
            if parts or not carried:
                fields.append(self._field(name, pending, values, parts))
            before, pending = after, []
        return fields, findings

    def _parts(self, before: Copy, after: Copy) -> dict[Path, Sides]:
        one, other = _moved(before.documents, after.documents), _moved(after.documents, before.documents)
        left, right = form(one, self.words), form(other, self.words)
        return folded(differing(left, right), left, right)

    def _field(self, name: str, pending: list[tuple[str, Path_]], values: tuple[Any, Any], parts: Iterable[Path]) -> Field:
        sides = [{key: _at(side, path) for key, path in pending} for side in values]
        was, now = (next(iter(side.values())) if len(pending) == 1 else side for side in sides)
        keys = [key for key, _ in pending]
        return Field(
            field=" + ".join(keys),
            place=self._place(name, keys[-1]),
            before=was,
            after=now,
            parts=tuple(pointer(part) for part in sorted(parts)),
        )

    def _place(self, name: str, key: str) -> str:
        """Where the field stands, or the section around it; the environment's own file where it comes from its name."""
        while key:
            place = self.places.get((name, key))
            if place is not None:
                return f"{place.file}:{place.line}"
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        own = next((place.file for (env, _), place in self.places.items() if env == name and place.file.endswith(f"/{name}.yaml")), "")
        return f"{own}:1" if own else ""


def _decided(*sides: str | None) -> bool:
    """Whether a side is no text, nor anything that holds one."""
    return any(side is None or side[0] not in '"[{' for side in sides)


def _made(make: Make, env: Environment) -> tuple[Copy, str]:
    try:
        return make(env), ""
    except (BuildError, WiringError) as error:
        return Copy(documents={}, origins={}), str(error)


def _moved(documents: Mapping[str, Document], others: Mapping[str, Document]) -> dict[str, Document]:
    """Of each section what the other has not, or has otherwise: all that has to be looked at leaf by leaf."""
    found: dict[str, Document] = {}
    for service, document in documents.items():
        beside = others.get(service, {})
        for key, section in document.items() if document is not beside else ():
            there = beside.get(key)
            if isinstance(section, dict) and isinstance(there, dict):
                section = {name: item for name, item in section.items() if there.get(name) != item}
            if section != there and section != {}:
                found.setdefault(service, {})[key] = section
    return found


def _words(own: Mapping[str, str]) -> dict[str, str]:
    """Text -> field; where two fields have one text, the first."""
    return {text: key for key, text in reversed(list(own.items()))}


def _uses(bare: Mapping[str, str], key: str) -> int:
    return sum(text.count(f"<{key}>") for text in bare.values())


def _spelled(path: Path, own: Mapping[str, str]) -> Path:
    return next(iter(spelled({path: "0"}, own)))


def _below(found: Form, path: Path) -> dict[Path, str]:
    return {key: leaf for key, leaf in found.items() if key[: len(path)] == path}


def _at(value: Any, path: Path_) -> Any:
    for part in path:
        known = part in value if isinstance(value, dict) else isinstance(value, list)
        value = value[part] if known else None
    return value


def _path(key: str) -> Path_:
    """``network.public[1]`` -> ``("network", "public", 1)``."""
    return tuple(int(part[1:-1]) if part.startswith("[") else part for part in re.findall(r"\[\d+\]|[^.\[]+", key))


def _line(copies: Iterable[Copy], path: Path) -> str:
    """The builder's line of a resource; else where its template, or the manifest, is made."""
    for copy in copies:
        if len(path) > 2 and (origin := copy.origins.get((path[0], path[2]))):
            return str(origin)
    module = SERVICES.get(path[0])
    if module is not None:
        return f"templates/{path[0]}.py:{module.__code__.co_firstlineno}"
    return f"templates/manifest.py:{manifests.manifest.__code__.co_firstlineno}" if path[0] == MANIFEST else f"templates/{path[0]}.py:1"
