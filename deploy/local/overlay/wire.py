"""Requests read and answers written as CloudFormation's query protocol has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from .emulator import Answer, Parameters, helpers

Handler = Callable[[Parameters], Answer]


def around(ours: Callable[[Handler, Parameters], Answer], theirs: Handler) -> Handler:
    """A handler that may answer by itself, or call MiniStack's own and add to what it did."""
    return lambda params: ours(theirs, params)


def text(params: Parameters, name: str, default: str = "") -> str:
    return str(helpers._p(params, name, default))


def flag(params: Parameters, name: str) -> bool:
    return text(params, name).lower() == "true"


def texts(params: Parameters, name: str) -> list[str]:
    """A list of plain values: ``Name.member.1``, ``Name.member.2``, ..."""
    return [str(value) for value in helpers._extract_string_members(params, name)]


def structures(params: Parameters, name: str, fields: Sequence[str]) -> Iterator[dict[str, str]]:
    """A list of structures, each with those of ``fields`` that the request carries."""
    index = 1
    while found := {field: value for field in fields if (value := text(params, f"{name}.member.{index}.{field}"))}:
        yield found
        index += 1


def answer(action: str, result: Mapping[str, Any] | None = None) -> Answer:
    """A good answer; ``result`` as the API reference has it, nothing where the action returns none."""
    inner = "" if result is None else f"<{action}Result>{_members(result)}</{action}Result>"
    made: Answer = helpers._xml(200, f"{action}Response", inner)
    return made


def refusal(code: str, message: str, status: int = 400) -> Answer:
    made: Answer = helpers._error(code, message, status)
    return made


def page(items: Sequence[Any], params: Parameters, action: str, size: int) -> tuple[Sequence[Any], str | None]:
    """The page of ``items`` that the request asks for, and the token of the next one."""
    _, _, offset = text(params, "NextToken").partition(":")
    start = int(offset) if offset.isdigit() else 0
    end = start + size
    return items[start:end], (f"{action}:{end}" if end < len(items) else None)


def _members(value: Mapping[str, Any]) -> str:
    return "".join(f"<{name}>{_element(member)}</{name}>" for name, member in value.items() if member is not None)


def _element(value: Any) -> str:
    if isinstance(value, Mapping):
        return _members(value)
    if isinstance(value, list | tuple):
        return "".join(f"<member>{_element(item)}</member>" for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return escape(str(value))
