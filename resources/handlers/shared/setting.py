"""What a value of the runtime configuration may be: the one rule by which the loader, the command `config` and the functions go.

Nothing but Python's own library is imported here, so that all three can.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

Value = str | int | bool | tuple[str, ...]

LONGEST = 1024
"""Characters of a value."""

_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_SWITCH = {"on": True, "true": True, "off": False, "false": False}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """``type``: text, number, switch, list (of texts, separated by commas) or secret, which alone has no default.

    ``minimum`` and ``maximum``, both included, are for numbers; ``choices`` and ``pattern``, which must match as a whole, for
    texts and for every item of a list.
    """

    type: str
    default: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""

    def value(self, text: str) -> Value:
        """What a text means, blanks around it apart.

        Raises:
            ValueError: what was expected instead. The text is not repeated: somebody may have put a secret there by mistake.
        """
        text = text.strip()
        if not text or len(text) > LONGEST:
            raise ValueError(f"expected {self.words}, 1 to {LONGEST} characters")
        match self.type:
            case "number":
                return self._number(text)
            case "switch":
                return self._switch(text)
            case "list":
                return tuple(self._text(item.strip()) for item in text.split(","))
            case _:
                return self._text(text)

    @property
    def words(self) -> str:
        """What is expected: ``a whole number from 1 to 1000``."""
        match self.type:
            case "number":
                low = "" if self.minimum is None else f" from {self.minimum}"
                return f"a whole number{low}{'' if self.maximum is None else f' to {self.maximum}'}"
            case "switch":
                return "on or off"
            case "secret":
                return "a secret"
        one = f"one of {', '.join(self.choices)}" if self.choices else "a text"
        form = f" that matches {self.pattern}" if self.pattern else ""
        return f"a list, each item {one}{form}" if self.type == "list" else f"{one}{form}"

    def _number(self, text: str) -> int:
        number = int(text) if _WHOLE_NUMBER.fullmatch(text) else None
        low = self.minimum if self.minimum is not None else number
        high = self.maximum if self.maximum is not None else number
        if number is None or low is None or high is None or not low <= number <= high:
            raise ValueError(f"expected {self.words}")
        return number

    def _switch(self, text: str) -> bool:
        if text.lower() not in _SWITCH:
            raise ValueError(f"expected {self.words}")
        return _SWITCH[text.lower()]

    def _text(self, text: str) -> str:
        allowed = not self.choices or text in self.choices
        if not text or not allowed or (self.pattern and not re.fullmatch(self.pattern, text)):
            raise ValueError(f"expected {self.words}")
        return text


def encode(settings: Mapping[str, Setting]) -> str:
    """As a function's environment carries them: JSON in one line, without what is not set."""
    return json.dumps({name: _set(setting) for name, setting in sorted(settings.items())}, separators=(",", ":"))


def decode(text: str) -> dict[str, Setting]:
    """What :func:`encode` wrote."""
    return {name: Setting(**{**rule, "choices": tuple(rule.get("choices", ()))}) for name, rule in json.loads(text).items()}


def _set(setting: Setting) -> dict[str, object]:
    given: Iterable[tuple[str, object]] = ((field.name, getattr(setting, field.name)) for field in fields(setting))
    return {name: value for name, value in given if value not in (None, "", ())}
