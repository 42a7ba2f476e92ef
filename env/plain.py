"""Reads a plain YAML scalar: only what looks like a number, true, false or null is one, and nothing is what it does not look like."""

from __future__ import annotations

import re
from typing import Any

from env.secret import visible

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
_NULL = ("", "~", "null")
_ACCOUNT = re.compile(r"[0-9]{11,13}\Z")
_LONGEST_NUMBER = 17
# What YAML 1.1's implicit types take for something else than the text that stands there.
_SURPRISING = (
    ("a boolean", re.compile(r"(?i:yes|no|on|off|y|n|true|false)\Z")),
    ("a number of base 8, 16 or 2", re.compile(r"[-+]?0([0-9_]+|x[0-9a-fA-F_]+|b[01_]+|o[0-7_]+)\Z")),
    ("a number of base 60", re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?\Z")),
    ("a number", re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*\.?[0-9_]*)([eE][-+]?[0-9]+)?\Z")),
    ("infinity or not a number", re.compile(r"[-+]?\.(?i:inf|nan)\Z")),
    ("a date", re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?\Z")),
    ("null", re.compile(r"(?i:null)\Z")),
    ("a merge key", re.compile(r"<<\Z")),
    ("a default value", re.compile(r"=\Z")),
)


def resolve(text: str) -> tuple[Any, str | None]:
    """A plain scalar's value, and a complaint where YAML would read it as something else than it looks like."""
    if text in _NULL:
        return None, None
    if text in ("true", "false"):
        return text == "true", None
    if len(text) <= _LONGEST_NUMBER and not _ACCOUNT.match(text):
        if _INTEGER.match(text):
            return int(text), None
        if _FLOAT.match(text):
            return float(text), None
    for what, pattern in _SURPRISING:
        if pattern.match(text):
            return text, _complaint(text, what)
    return text, None


def _complaint(text: str, what: str) -> str:
    if _ACCOUNT.match(text):
        return f'quote it: "{text}" (without quotes YAML reads a number)'
    if what == "a boolean":
        return f'found {text}, which YAML reads as a boolean: write true or false, or quote a text: "{text}"'
    shown = visible(text, 40)
    return f'found {shown}, which YAML reads as {what}: quote it if it is a text: "{shown}"'
