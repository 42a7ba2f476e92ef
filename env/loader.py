"""Loads every environment of a folder: its file over the defaults, checked against the model, every error at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from env.admission import wrong_in_defaults, wrong_in_environment, wrong_in_tools
from env.base import NAME_PATTERN
from env.document import Document, InvalidDocument, Place, Problem, dotted, read, scalars
from env.draft import Draft, Model, over
from env.model import Environment, Guard, Logs, Pipeline, Stage, Tools, ToolsEnvironment, Trust, Versions
from env.rules import LONGEST_TOGETHER, between, way, within
from env.secret import printable, visible
from env.stacksets import StackSets
from env.stacksets_rules import wrong_in_sets

__all__ = ["LONGEST_TOGETHER", "InvalidEnvironment", "Platform", "load", "names_in"]

DEFAULTS, TOOLS, STACKSETS = "defaults", "tools", "stacksets"
RESERVED = (DEFAULTS, TOOLS, STACKSETS)

# Stands for the tools account while the environments are checked, if its own file is wrong; nobody ever sees it.
_UNREAD_TOOLS = Tools(
    account="",
    region="",
    trust=Trust(roles=(), external_id="", organization=""),
    logs=Logs(retention_days=1),
    guard=Guard(monitoring_minutes=0),
    pipeline=Pipeline(connection="", repository="", branch="", environments=(), image="", timeout_minutes=5, artifact_days=1),
)
# What the tools account shares with all environments: it stands in defaults.yaml.
_SHARED = ("cost_center", "owner", "project")


class InvalidEnvironment(Exception):
    """Environment files that cannot be used; ``problems`` in order of file and line, one line of ``str`` each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What was asked for, and the tools account; ``home`` is that account as an environment, where it was asked for.

    ``values``: environment -> dotted path -> plain value, items of lists by index (``network.public[0]``);
    ``places``: (environment, dotted path) -> where the value or the section around values stands.
    """

    environments: tuple[Environment, ...]
    tools: Tools
    values: dict[str, dict[str, Any]]
    places: dict[tuple[str, str], Place]
    home: ToolsEnvironment | None = None


def names_in(folder: Path) -> tuple[str, ...]:
    """Names of the environments that the folder has files for, in alphabetical order; hidden files are editors' own."""
    return tuple(sorted(path.stem for path in _files(folder) if path.suffix == ".yaml" and path.stem not in RESERVED))


def load(folder: Path, names: Sequence[str] = ()) -> Platform:
    """Load the named environments; without names: all of the folder, and the tools account's own.

    Files of environments that were not named count in the rules between environments where they can be read, and for the tools account, whose
    pipeline goes through them, wholly.

    Raises:
        InvalidEnvironment: with every problem of the files that were asked for.
    """
    known, home = names_in(folder), not names or TOOLS in names
    wanted = frozenset(known if not names else set(names) & set(known))
    counted = frozenset(known) if home else wanted
    problems = [_unknown(folder, name, known) for name in names if name not in (*known, TOOLS)]
    problems += _misnamed(folder, names)
    if not names and not known:
        problems.append(_at(folder, "", "holds no environment: write one file for each, such as dev.yaml"))
    defaults, unread = _read(folder, DEFAULTS)
    if defaults is not None:
        defaults = replace(defaults, problems=(*defaults.problems, *wrong_in_defaults(defaults)))
    problems += defaults.problems if defaults is not None else unread
    tools = _tools(folder)
    drafts = [_draft(folder, name, defaults, tools.made) for name in known]
    sound = [draft for draft in drafts if draft.name in counted or not draft.problems]
    problems += [problem for draft in (*drafts, tools) if draft.name in (*counted, TOOLS) for problem in draft.problems]
    problems += between(sound, tools, counted)
    problems += way(tools, known) if home else ()
    sets = _stack_sets(folder, tools.made, known) if home else None
    problems += sets.problems if sets else ()
    if problems:
        raise InvalidEnvironment(problems)
    assert isinstance(tools.made, Tools)
    assert defaults is not None
    chosen = [draft for draft in drafts if draft.name in wanted]
    made = [draft.made for draft in drafts if isinstance(draft.made, Environment)]
    return Platform(
        environments=tuple(environment for environment in made if environment.name in wanted),
        tools=tools.made,
        values={draft.name: _values(draft) for draft in (*chosen, *([tools] if home else []))},
        places={
            (draft.name, dotted(path)): place
            for draft in (*chosen, tools, *([sets] if sets else []))
            for path, place in draft.places.items()
        },
        home=_home(tools.made, defaults, made, sets.made if sets else None) if home else None,
    )


def _home(tools: Tools, defaults: Document, made: Sequence[Environment], sets: Model | None) -> ToolsEnvironment:
    """The rules have seen to it that every environment on the pipeline's way, and every one that a StackSet copies, is there."""
    known = sets.stack_sets if isinstance(sets, StackSets) else {}
    copied = {one.environment for one in known.values()}
    by_name = {environment.name: environment for environment in made}
    stages = [by_name[name] for name in tools.pipeline.environments]
    shared = {key: defaults.data[key] for key in _SHARED}
    return ToolsEnvironment(
        **shared,
        name=TOOLS,
        tools=tools,
        account=tools.account,
        region=tools.region,
        disaster_recovery=None,
        termination_protection=True,
        production=True,
        logs=tools.logs,
        storage=Versions(**{key: defaults.data["storage"][key] for key in Versions.__struct_fields__}),
        guard=tools.guard,
        checks=(),
        pipeline=tools.pipeline,
        stages=tuple(Stage(name=each.name, account=each.account, region=each.region, pull_requests=each.pull_requests) for each in stages),
        stack_sets=known,
        sources=tuple(environment for environment in made if environment.name in copied),
    )


def _values(draft: Draft) -> dict[str, Any]:
    return {dotted(path): value for path, value in scalars(draft.data)}


def _files(folder: Path) -> Iterator[Path]:
    try:
        yield from (path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return


def _shown(folder: Path, name: str) -> str:
    return printable((folder / f"{name}.yaml").as_posix())


def _at(folder: Path, name: str, message: str) -> Problem:
    """A problem of a whole file, or of the folder where there is no name."""
    return Place(_shown(folder, name) if name else printable(str(folder)), 1, 1).problem("", message)


def _unknown(folder: Path, name: str, known: Sequence[str]) -> Problem:
    listed = f"there are {', '.join(known)}" if known else "the folder holds none"
    if name in RESERVED:
        return _at(folder, name, f"{name} is no environment: {listed}")
    if not re.fullmatch(NAME_PATTERN, name):
        wrong = f"{visible(name, 40)!r} cannot be an environment's name (lower case letters, digits, hyphens): {listed}"
        return _at(folder, "", wrong)
    return _at(folder, name, f"there is no such environment: {listed}")


def _misnamed(folder: Path, names: Sequence[str]) -> Iterator[Problem]:
    """A file that its author takes for an environment, and that would be passed over without a word."""
    for path in _files(folder):
        if path.suffix.lower() in (".yml", ".yaml") and path.suffix != ".yaml" and (not names or path.stem in names):
            place = Place(printable(path.as_posix()), 1, 1)
            yield place.problem("", "is passed over: the name of an environment's file ends in .yaml, rename it")


def _read(folder: Path, name: str) -> tuple[Document | None, list[Problem]]:
    try:
        return read(folder / f"{name}.yaml", _shown(folder, name)), []
    except InvalidDocument as error:
        return None, error.problems


def _tools(folder: Path) -> Draft:
    document, problems = _read(folder, TOOLS)
    start = Place(_shown(folder, TOOLS), 1, 1)
    if document is None:
        return Draft(name=TOOLS, start=start, problems=tuple(problems))
    draft = Draft(name=TOOLS, start=start, documents=(document,), data=document.data, places=document.places, problems=document.problems)
    return _converted(draft.having(wrong_in_tools(document)), Tools)


def _stack_sets(folder: Path, tools: Model | None, known: Sequence[str]) -> Draft | None:
    """None where the folder has no file for them: then there are none."""
    if not any(path.name == f"{STACKSETS}.yaml" for path in _files(folder)):
        return None
    document, problems = _read(folder, STACKSETS)
    start = Place(_shown(folder, STACKSETS), 1, 1)
    if document is None:
        return Draft(name=STACKSETS, start=start, problems=tuple(problems))
    draft = Draft(
        name=STACKSETS, start=start, documents=(document,), data=document.data, places=document.places, problems=document.problems
    )
    draft = _converted(draft.having(wrong_in_tools(document)), StackSets)
    if not isinstance(draft.made, StackSets):
        return draft
    return draft.having(wrong_in_sets(draft, draft.made, tools if isinstance(tools, Tools) else None, known))


def _draft(folder: Path, name: str, defaults: Document | None, tools: Model | None) -> Draft:
    start = Place(_shown(folder, name), 1, 1)
    if not re.fullmatch(NAME_PATTERN, name):
        wrong = f"{visible(name, 40)!r} cannot be an environment's name: expected lower case letters, digits and hyphens, 2 to 20"
        return Draft(name=name, start=start, problems=(start.problem("", wrong),))
    own, problems = _read(folder, name)
    if own is None or defaults is None:
        found = [*own.problems, *wrong_in_environment(own)] if own else problems
        return Draft(name=name, start=start, problems=tuple(found))
    data, places = over(own, defaults)
    draft = Draft(name=name, start=start, documents=(own, defaults), data=data, places=places, problems=own.problems)
    draft = draft.having(defaults.problems).having(wrong_in_environment(own))
    draft = _converted(draft, Environment, name=name, tools=tools or _UNREAD_TOOLS)
    return draft.having(within(draft, draft.made)) if isinstance(draft.made, Environment) else draft


def _converted(draft: Draft, model: type[Model], **loaders_own: str | Model) -> Draft:
    """Check against the model. Only where that fails is a validator loaded that lists every error."""
    try:
        made = msgspec.convert({**draft.data, **loaders_own}, model)
    except msgspec.ValidationError as error:
        from env.explanation import explain

        return draft.having(explain(draft, model) or [draft.start.problem("", str(error))])
    return draft.having((), made)
