"""The runtime configuration's own rules: what belongs to which type, and that every default is a value of its setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from env.document import Path_

if TYPE_CHECKING:
    # The functions' name for the module, by which mypy knows it.
    from shared import setting as rule

    from env.model import Environment, Runtime, Setting
else:
    from resources.handlers.shared import setting as rule

Found = tuple[Path_, str]

MOST_BYTES = 3000
"""Of the settings in a function's environment variables, which take 4 KB in all (Lambda, quotas)."""

_BOUNDS = ("minimum", "maximum")
_FORMS = ("choices", "pattern")
_TAKES = {"text": _FORMS, "list": _FORMS, "number": _BOUNDS, "switch": (), "secret": ()}


def rules(runtime: Runtime) -> dict[str, rule.Setting]:
    """By name, as the functions and the command `config` go by them, with this environment's defaults."""
    return {name: _rule(setting, runtime.default(name)) for name, setting in runtime.settings.items()}


def encoded(runtime: Runtime) -> str:
    """The same for a function's environment."""
    return rule.encode(rules(runtime))


def _rule(setting: Setting, default: str | None) -> rule.Setting:
    return rule.Setting(
        type=setting.type,
        default=default,
        minimum=setting.minimum,
        maximum=setting.maximum,
        choices=setting.choices,
        pattern=setting.pattern,
    )


def settings_are_whole(env: Environment) -> Iterator[Found]:
    """What is said of a setting goes with its type, and with the rest."""
    for name, setting in env.runtime.settings.items():
        path = ("runtime", "settings", name)
        for key in (*_BOUNDS, *_FORMS):
            if getattr(setting, key) not in (None, (), "") and key not in _TAKES[setting.type]:
                yield (*path, key), f"a {setting.type} has no {key}: leave it out"
        low, high = setting.minimum, setting.maximum
        if setting.type == "number" and low is not None and high is not None and low > high:
            yield (*path, "maximum"), f"{high} is below minimum {low}"
        if problem := _unreadable(setting.pattern):
            yield (*path, "pattern"), f"is no regular expression: {problem}"
        if setting.type == "secret" and setting.default is not None:
            yield (*path, "default"), "a secret has no default, which everybody could read: set it with the command config set"
        if setting.type != "secret" and setting.default is None:
            yield (*path, "default"), "is missing: set it here"


def defaults_fit(env: Environment) -> Iterator[Found]:
    """Every default is a value of its setting, in the shared file and in this environment's."""
    runtime = env.runtime
    for name, setting in runtime.settings.items():
        if setting.default is not None and (problem := _misfit(setting, setting.default)):
            yield ("runtime", "settings", name, "default"), problem
    for name, value in runtime.values.items():
        path = ("runtime", "values", name)
        known = runtime.settings.get(name)
        if known is None:
            from difflib import get_close_matches

            near = get_close_matches(name, runtime.settings, n=1)
            yield (
                path,
                f"there is no such setting{f': did you mean {near[0]}?' if near else ': add it to runtime.settings of defaults.yaml'}",
            )
        elif known.type == "secret":
            yield path, "a secret has no default, which everybody could read: set it with the command config set"
        elif problem := _misfit(known, value):
            yield path, problem


def settings_fit_a_function(env: Environment) -> Iterator[Found]:
    if (size := len(encoded(env.runtime))) > MOST_BYTES:
        yield ("runtime", "settings"), f"{size} bytes of types, limits and defaults: a function's environment has room for {MOST_BYTES}"


def _misfit(setting: Setting, value: str) -> str | None:
    if _unreadable(setting.pattern):
        return None  # which is said already
    try:
        _rule(setting, value).value(value)
    except ValueError as error:
        return f'{error} for type {setting.type}, found "{value}"'
    return None


def _unreadable(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return ""
