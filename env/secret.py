"""Recognises secrets, and keeps them and characters that a terminal obeys out of every message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MESSAGE = "looks like a secret (not shown): keep it in Secrets Manager or a SecureString parameter, never in a file"

_KNOWN = (
    re.compile(r"(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"(ghp|gho|ghs|ghu|github_pat|glpat|xox[abprs]|sk_live|rk_live)[-_][A-Za-z0-9_-]{16,}"),
    # A web token; it begins where its run of letters begins, so that a long run is read once.
    re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{13,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"),
)
# AWS's secret access keys have no mark of their own, but 40 characters of base64.
_RANDOM = re.compile(r"(?<![A-Za-z0-9/+])(?=[A-Za-z/+]*[0-9])(?=[a-z0-9/+]*[A-Z])(?=[A-Z0-9/+]*[a-z])[A-Za-z0-9/+]{40,}")
_FORMS = (*_KNOWN, _RANDOM)
_SHORTEST = 20
_NAME = re.compile(r"(?i)(passw(or)?d|secret|token|credential|private[-_]?key|access[-_]?key|api[-_]?key)")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_SHORT_NUMBER = re.compile(r"-?[0-9]{1,5}\Z")


def is_secret(path: Sequence[str | int], value: object) -> bool:
    """Whether a value looks like a secret, or stands under a key that is named for one."""
    if value is None or isinstance(value, bool) or value == "":
        return False
    return (isinstance(value, str) and has_secret(value)) or (
        any(_NAME.search(str(part)) for part in path) and not _describes_setting(path, value)
    )


def has_secret(text: str) -> bool:
    return len(text) >= _SHORTEST and any(form.search(text) for form in _FORMS)


def in_comments(text: str) -> Iterator[int]:
    """Numbers of the lines whose comment holds a secret: nobody reads it as a value, but everybody can read it."""
    if any(form.search(text) for form in _KNOWN):
        for number, line in enumerate(text.split("\n"), 1):
            comment = _COMMENT.search(line)
            if comment and any(form.search(comment[0]) for form in _KNOWN):
                yield number


def visible(text: str, longest: int) -> str:
    """A text as it may be shown: secrets hidden first, then what cannot be seen written out, then cut."""
    for form in _FORMS:
        text = form.sub("(not shown)", text)
    text = printable(text)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def printable(text: str) -> str:
    """With every line break and character that cannot be seen written out."""
    if text.isprintable():
        return text
    return "".join(part if part.isprintable() else part.encode("unicode_escape", "surrogatepass").decode() for part in text)


def _describes_setting(path: Sequence[str | int], value: object) -> bool:
    """A runtime setting may be called `token-minutes`: all but its default is no secret, nor are a switch and a short number."""
    names = tuple(path[:2])
    if names not in (("runtime", "settings"), ("runtime", "values")) or len(path) < 3:
        return False
    described = names[1] == "settings" and len(path) > 3 and path[3] != "default"
    return described or value in ("on", "off") or bool(_SHORT_NUMBER.match(str(value)))
