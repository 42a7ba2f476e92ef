"""What a check saw, made fit to be shown and kept: short, without control characters, without secrets."""

from __future__ import annotations

import re
from functools import cache

MOST_BYTES = 2_000
"""Of an output or a reason, in UTF-8."""

MASK = "***"

LONGEST_READ = 16_384
"""Characters of a text that secrets are looked for in; of a longer one the middle is left out before."""

# Access key ids; tokens that speak for somebody; secrets by what stands before them. Sources: the IAM user guide's "Understanding unique
# ID prefixes", RFC 6750 (bearer tokens), RFC 7519 (JSON web tokens), RFC 7468 (keys). Every repetition has a bound: these texts are not
# ours, and a search without one takes minutes for a long word.
_SECRETS = (
    r"\b(?:AKIA|ASIA)[A-Z0-9]{12,124}",
    r"\beyJ[\w-]{8,1000}\.[\w-]{8,1000}\.[\w-]{0,1000}",
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|\Z)",
    r"(?<=Bearer )[\w.~+/=-]{8,4000}",
    r"(?<=://)[^/\s:@]{1,100}:[^/\s@]{1,200}(?=@)",
)
_NAMED = (
    r"(?P<name>[\w-]{0,40}(?:passw(?:or)?d|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)[\w-]{0,40}"
    r"[\"']?\s{0,5}[:=]\s{0,5})"
    r"(?P<value>\"[^\"\n]{0,4000}\"|'[^'\n]{0,4000}'|[^\s,;&\"'}{]{1,4000})"
)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile("|".join(_SECRETS)), re.compile(_NAMED, re.IGNORECASE)


def fit(text: str) -> str:
    """At most about two kilobytes; the middle goes, since answers begin and errors end with what matters."""
    from deploy.report.ink import clean

    marked, named = _patterns()
    if len(text) > LONGEST_READ:
        text = f"{text[: LONGEST_READ // 2]} ... {text[-LONGEST_READ // 2 :]}"
    shown = named.sub(lambda found: f"{found['name']}{MASK}", marked.sub(MASK, text))
    return _cut(clean(shown.replace("\r\n", "\n")).strip())


def line(text: str) -> str:
    """The same on one line."""
    return " ".join(fit(text).split())


def excerpt(data: bytes, most: int = MOST_BYTES) -> str:
    """Text of bytes that may be anything."""
    return data[:most].decode("utf-8", "replace")


def _cut(text: str) -> str:
    data = text.encode("utf-8", "replace")
    if len(data) <= MOST_BYTES:
        return text
    half = MOST_BYTES // 2
    return data[:half].decode("utf-8", "ignore") + " ... " + data[-half:].decode("utf-8", "ignore")
