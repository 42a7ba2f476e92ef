"""Loads every environment of a folder: its file over the defaults, checked against the model, every error at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from env.document import Document, InvalidDocument, Place, Problem, dotted, read, scalars
from env.draft import Draft
from env.fields import only_here, varying
from env.model import NAME_PATTERN, Environment, Tools

DEFAULTS, TOOLS, STACKSETS = "defaults", "tools", "stacksets"
RESERVED = (DEFAULTS, TOOLS, STACKSETS)

# A bucket's name is project-thing-account-region-environment in 63 characters (CreateBucket): 12 for the account, 14 for
# the longest region, 4 hyphens, and at least 8 for a shortened thing leave this for project and environment.
LONGEST_TOGETHER = 63 - 12 - 14 - 4 - 8


class InvalidEnvironment(Exception):
    """Environment files that cannot be used; ``problems`` in order of file and line, one line of ``str`` each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What was asked for, and the tools account.

    ``values``: environment -> dotted path -> plain value; ``places``: (environment, dotted path) -> where it stands.
    """

    environments: tuple[Environment, ...]
    tools: Tools
    values: dict[str, dict[str, Any]]
    places: dict[tuple[str, str], Place]


def names_in(folder: Path) -> tuple[str, ...]:
    """Names of the environments that the folder has files for, in alphabetical order."""
    try:
        return tuple(sorted(path.stem for path in folder.iterdir() if path.suffix == ".yaml" and path.stem not in RESERVED))
    except OSError:
        return ()


def load(folder: Path, names: Sequence[str] = ()) -> Platform:
    """Load the named environments; without names: all of the folder.

    Files of environments that were not named count in the rules between environments where they can be read.

    Raises:
        InvalidEnvironment: with every problem of the files that were asked for.
    """
    from env.rules import between, within

    known = names_in(folder)
    problems = [_unknown(folder, name, known) for name in names if name not in known]
    wanted = sorted(set(names) - {name for name in names if name not in known}) if names else list(known)
    defaults, missing = _read(folder, DEFAULTS)
    problems += missing
    if not wanted and not problems:
        problems.append(Problem(str(folder), 1, 1, "", "holds no environment: write one file for each, such as dev.yaml"))
    tools = _tools(folder)
    if defaults is None:
        unread = [problem for name in wanted for problem in _read(folder, name)[1]]
        raise InvalidEnvironment([*problems, *tools.problems, *unread])
    problems += [*defaults.problems, *_check_defaults(defaults)]
    drafts = [_draft(folder, name, defaults, tools) for name in known]
    for draft in drafts:
        if isinstance(draft.environment, Environment):
            draft.problems.extend(within(draft, draft.environment))
    for problem in (*between(drafts, tools), *(problem for draft in drafts if draft.name in wanted for problem in draft.problems)):
        problems.append(problem)
    problems += tools.problems
    if problems:
        raise InvalidEnvironment(_relevant(problems, folder, wanted))
    chosen = [draft for draft in drafts if draft.name in wanted]
    assert isinstance(tools.environment, Tools)
    return Platform(
        environments=tuple(draft.environment for draft in chosen if isinstance(draft.environment, Environment)),
        tools=tools.environment,
        values={draft.name: _values(draft) for draft in chosen},
        places={(draft.name, dotted(path)): place for draft in chosen for path, place in draft.places.items()},
    )


def _relevant(problems: list[Problem], folder: Path, wanted: list[str]) -> list[Problem]:
    """Of a rule between environments, what stands in a file that was asked for; if that is nothing, all of it."""
    files = {_shown(folder, name) for name in (*wanted, DEFAULTS, TOOLS)} | {str(folder)}
    return [problem for problem in problems if problem.file in files or not problem.file.endswith(".yaml")] or problems


def _values(draft: Draft) -> dict[str, Any]:
    """Plain values by dotted path, lists of plain values whole, without what the loader itself put in."""
    found: dict[str, Any] = {}
    for path, value in scalars({key: value for key, value in draft.data.items() if key not in ("name", "tools")}):
        found[dotted(path)] = value
    return found


def _shown(folder: Path, name: str) -> str:
    return (folder / f"{name}.yaml").as_posix()


def _unknown(folder: Path, name: str, known: Sequence[str]) -> Problem:
    listed = f"there are {', '.join(known)}" if known else f"{folder} holds no environment"
    if name in RESERVED:
        return Problem(_shown(folder, name), 1, 1, "", f"{name} is no environment: {listed}")
    if not re.fullmatch(NAME_PATTERN, name):
        shown = name if len(name) <= 40 else f"{name[:37]}..."
        return Problem(str(folder), 1, 1, "", f"{shown!r} cannot be an environment's name (lower case letters, digits, hyphens): {listed}")
    return Problem(_shown(folder, name), 1, 1, "", f"there is no such environment: {listed}")


def _read(folder: Path, name: str) -> tuple[Document | None, list[Problem]]:
    shown = _shown(folder, name)
    path = folder / f"{name}.yaml"
    if not path.exists() and not path.is_symlink():
        return None, [Problem(shown, 1, 1, "", "is missing: it holds what every environment needs (see README)")]
    try:
        document = read(path, shown)
    except InvalidDocument as error:
        return None, error.problems
    return document, []


def _tools(folder: Path) -> Draft:
    document, problems = _read(folder, TOOLS)
    start = Place(_shown(folder, TOOLS), 1, 1)
    if document is None:
        return Draft(name=TOOLS, data={}, places={}, start=start, problems=problems)
    draft = Draft(name=TOOLS, data=document.data, places=document.places, start=start, problems=list(document.problems))
    return _convert(draft, Tools)


def _draft(folder: Path, name: str, defaults: Document, tools: Draft) -> Draft:
    start = Place(_shown(folder, name), 1, 1)
    if not re.fullmatch(NAME_PATTERN, name):
        wrong = start.problem("", f"{name!r} cannot be an environment's name: expected lower case letters, digits and hyphens, 2 to 20")
        return Draft(name=name, data={}, places={}, start=start, problems=[wrong])
    document, problems = _read(folder, name)
    if document is None:
        return Draft(name=name, data={}, places={}, start=start, problems=problems)
    data = _merge(defaults.data, document.data) | {"name": name, "tools": tools.data}
    places = {**defaults.places, **document.places}
    found = [*defaults.problems, *document.problems, *_check_environment(document)]
    draft = Draft(name=name, data=data, places=places, start=start, problems=found)
    project = data.get("project")
    if isinstance(project, str) and len(project) + len(name) > LONGEST_TOGETHER:
        message = (
            f"project {project} and environment {name} make bucket names longer than 63 characters: at most {LONGEST_TOGETHER} together"
        )
        draft.problems.append(start.problem("", message))
    return _convert(draft, Environment)


def _convert(draft: Draft, model: type[Environment] | type[Tools]) -> Draft:
    """Check against the model. Only where that fails is a validator loaded that lists every error."""
    problems = [*draft.problems, *_unsafe(draft)]
    try:
        made = msgspec.convert(draft.data, model)
    except msgspec.ValidationError as error:
        from env.explanation import explain

        found = explain(draft, model) or [draft.start.problem("", str(error))]
        return Draft(name=draft.name, data=draft.data, places=draft.places, start=draft.start, problems=_without_doubles(problems, found))
    return Draft(
        name=draft.name,
        data=draft.data,
        places=draft.places,
        start=draft.start,
        environment=made if not problems else None,
        problems=problems,
    )


def _without_doubles(problems: list[Problem], found: list[Problem]) -> list[Problem]:
    """A value that was refused already, or holds a secret, is not complained about (nor printed) a second time."""
    taken = {(problem.line, problem.column, problem.file) for problem in problems}
    return problems + [problem for problem in found if (problem.line, problem.column, problem.file) not in taken]


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Mappings merge key by key, at any depth; every other value replaces."""
    merged = dict(below)
    for key, value in above.items():
        old = below.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


SET_BY_LOADER = {"name": "is set by the file's own name: leave it out", "tools": "stands in tools.yaml: leave it out"}


def _check_environment(document: Document) -> list[Problem]:
    """An environment's file sets only what the model lets vary."""
    allowed, known = varying(), only_here()
    found = []
    for path, place in document.places.items():
        key = dotted(path)
        if key in SET_BY_LOADER:
            found.append(place.problem(key, SET_BY_LOADER[key]))
        if key in known and not any(key == field or key.startswith((f"{field}.", f"{field}[")) for field in allowed):
            found.append(place.problem(key, "is the same in every environment: it belongs in defaults.yaml"))
    return found


def _check_defaults(document: Document) -> list[Problem]:
    """Who an environment is and where its addresses lie has no default."""
    own = ("account", "region", "network.cidr", "network.public", "network.private")
    known = dict.fromkeys(own, "has no default: it belongs in each environment's file") | SET_BY_LOADER
    return [place.problem(dotted(path), known[dotted(path)]) for path, place in document.places.items() if dotted(path) in known]


_SECRETS = (
    re.compile(r"(?<![A-Z0-9])(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"\b(ghp|gho|ghs|ghu|github_pat|glpat|xox[abprs]|sk_live|rk_live)[-_][A-Za-z0-9_-]{16,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."),
    re.compile(
        r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[0-9])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
    ),
)
_SECRET_KEY = re.compile(r"(?i)(passw(or)?d|secret|token|credential|private[-_]?key|access[-_]?key|api[-_]?key)")


def _unsafe(draft: Draft) -> Iterator[Problem]:
    """Secrets, which belong in AWS, and texts that CloudFormation would read as more than a text."""
    for path, value in scalars({key: value for key, value in draft.data.items() if key != "tools" or draft.name == TOOLS}):
        if not isinstance(value, str):
            continue
        names = [str(part) for part in path]
        if any(pattern.search(value) for pattern in _SECRETS) or (value and any(_SECRET_KEY.search(name) for name in names)):
            message = "looks like a secret (not shown): keep it in Secrets Manager or a SecureString parameter, never in a file"
            yield draft.at(*path).problem(dotted(path), message)
        elif "${" in value or "{{resolve:" in value:
            yield draft.at(*path).problem(
                dotted(path), "holds ${ or {{resolve: , which CloudFormation would replace: write the value itself"
            )
