"""Policy statements as sets, so that one can say whether what a statement allows was allowed before.

A statement is taken apart into grants: one principal, one action, one resource, under conditions. A grant is covered by a statement
that names each of them, or a pattern around it, under no condition that the grant does not have. Where that cannot be decided from
the text, a grant is not covered: a false alarm costs a look, a missed one costs the account. Source: IAM user guide, "Policy
evaluation logic" and "Condition operators".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any

from deploy.review.expressions import canonical, text
from deploy.structure import function

ANY = "*"
Words = Callable[[Any], Iterable[str]]
_CONDITIONS = dict[tuple[str, str], frozenset[str]]


@dataclass(frozen=True)
class Term:
    """One word of a statement: a pattern, or, with ``excepts``, everything but these patterns. ``shown``: as it is written."""

    pattern: str = ANY
    excepts: frozenset[str] | None = None
    shown: str = field(default="", compare=False)

    def __str__(self) -> str:
        return (self.shown or self.pattern) if self.excepts is None else f"everything but {', '.join(sorted(self.excepts))}"


@dataclass(frozen=True)
class Grant:
    """What a statement is about, taken apart to single terms."""

    principal: Term
    action: Term
    resource: Term


@dataclass(frozen=True)
class Statement:
    """A statement, normalised: actions in lower case, functions as text, accounts as the ARN of their root.

    ``opaque``: the text of one that a function makes, of which only equality can be told.
    """

    effect: str
    principals: tuple[Term, ...]
    actions: tuple[Term, ...]
    resources: tuple[Term, ...]
    conditions: _CONDITIONS = field(default_factory=dict)
    opaque: str = ""

    @property
    def may_deny(self) -> bool:
        return self.effect == "Deny" or '"Deny"' in self.opaque

    @property
    def grants(self) -> Iterator[Grant]:
        return (Grant(*terms) for terms in product(self.principals, self.actions, self.resources))

    def __str__(self) -> str:
        if self.opaque:
            return self.opaque
        words = [self.effect, _listed(self.actions)]
        words += [f"on {_listed(self.resources)}"] if self.resources != (_ITSELF,) else []
        words += [f"{'to' if self.effect == 'Allow' else 'for'} {_listed(self.principals)}"] if self.principals != (_HOLDER,) else []
        words += [f"if {name}" for name in sorted(condition_words(self.conditions))]
        return " ".join(words)


_HOLDER = Term("whoever holds the policy")
_ITSELF = Term("what the policy hangs on")


def statements(document: Any) -> tuple[Statement, ...]:
    """All statements of a policy document, written out (`expansion.py`)."""
    if not isinstance(document, Mapping) or function(document):
        return (_opaque(document),) if document is not None else ()
    found = document.get("Statement", [])
    return tuple(statement(one) for one in (found if isinstance(found, list) else [found]))


def statement(one: Any) -> Statement:
    if (
        not isinstance(one, Mapping)
        or function(one)
        or function(one.get("Condition"))
        or one.get("Effect", "Allow") not in ("Allow", "Deny")
    ):
        return _opaque(one)
    return Statement(
        effect=str(one.get("Effect", "Allow")),
        principals=_terms(one, "Principal", _principals) or (_HOLDER,),
        actions=_terms(one, "Action", _texts, str.lower) or (Term(),),
        resources=_terms(one, "Resource", _texts) or (_ITSELF,),
        conditions=_conditions(one.get("Condition")),
    )


def uncovered(wanted: Statement, given: Iterable[Statement]) -> list[Grant]:
    """The grants of a statement that no statement of ``given`` with the same effect covers; of an opaque one, one for all."""
    alike = [one for one in given if one.effect == wanted.effect]
    if wanted.opaque:
        return [] if any(one.opaque == wanted.opaque for one in alike) else [Grant(Term(), Term(), Term())]
    alike = [one for one in alike if not one.opaque and narrower(wanted.conditions, one.conditions)]
    return [grant for grant in wanted.grants if not any(_holds(one, grant) for one in alike)]


def narrower(wanted: _CONDITIONS, given: _CONDITIONS) -> bool:
    """True where whatever meets the conditions ``wanted`` also meets ``given``."""
    return all(any(_implies(key, values, *condition) for key, values in wanted.items()) for condition in given.items())


def condition_words(conditions: _CONDITIONS) -> list[str]:
    return [f"{key} {operator} {', '.join(sorted(values))}" for (operator, key), values in conditions.items()]


def _holds(one: Statement, grant: Grant) -> bool:
    parts = ((one.principals, grant.principal), (one.actions, grant.action), (one.resources, grant.resource))
    return all(any(_within(term, around) for around in terms) for terms, term in parts)


def _within(term: Term, around: Term) -> bool:
    if around.excepts is None:
        return matches(term.pattern, around.pattern) if term.excepts is None else around.pattern == ANY
    if term.excepts is None:
        # A pattern may meet what is excepted as soon as either has a wildcard.
        return not _open(term.pattern) and not any(matches(term.pattern, one) for one in around.excepts)
    return all(any(matches(one, other) for other in term.excepts) for one in around.excepts)


def _open(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern or "${" in pattern


@lru_cache(maxsize=65536)
def matches(wanted: str, pattern: str) -> bool:
    """True where every text that ``wanted`` stands for is one that ``pattern`` stands for; ``*`` is any text, ``?`` any character."""
    if wanted == pattern or pattern == ANY:
        return True
    if "*" not in pattern and "?" not in pattern:
        return False
    # In what is looked at, a star stands for itself: only a star in the pattern covers it, never a question mark. In an ARN a star
    # stays within its segment, but for one at the end (IAM user guide, "IAM JSON policy elements: Resource").
    star = "[^:]*" if pattern.startswith("arn:") else ".*"
    parts = [star if part == "*" else "[^*]" if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern.rstrip("*"))]
    end = ".*" if pattern.endswith("*") else ""
    return re.fullmatch("".join(parts) + end, wanted, re.DOTALL) is not None


def _terms(one: Mapping[str, Any], name: str, words: Words, fold: Callable[[str], str] = str) -> tuple[Term, ...]:
    """``Action`` or ``NotAction``, and so for resources and principals; () where neither is there."""
    if name in one:
        return tuple(Term(fold(word), shown=word) for word in sorted(set(words(one[name]))))
    if f"Not{name}" in one:
        return (Term(ANY, frozenset(map(fold, words(one[f"Not{name}"])))),)
    return ()


def _texts(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        yield text(item)


def _principals(value: Any) -> Iterator[str]:
    """``AWS:arn...``, ``Service:...``; everybody is ``*`` however it is written."""
    if not isinstance(value, Mapping) or function(value):
        yield from (ANY if item == ANY else f"AWS:{item}" for item in _texts(value))
        return
    for kind, names in sorted(value.items()):
        for name in _texts(names):
            account = re.fullmatch(r"\d{12}|\$\{AWS::AccountId\}", name)
            everybody = kind == "AWS" and name == ANY
            yield ANY if everybody else f"{kind}:{_root(name) if account and kind == 'AWS' else _partitioned(name)}"


def _root(account: str) -> str:
    return f"arn:*:iam::{account}:root"


def _partitioned(name: str) -> str:
    """An account's root is one principal, with whichever partition it is written."""
    found = re.fullmatch(r"arn:[^:]*(?:::Partition\})?:iam::(\d{12}|\$\{AWS::AccountId\}):root", name)
    return _root(found.group(1)) if found else name


def _conditions(block: Any) -> _CONDITIONS:
    if not isinstance(block, Mapping):
        return {}
    made: _CONDITIONS = {}
    for operator, keys in block.items():
        for key, values in keys.items() if isinstance(keys, Mapping) and not function(keys) else [(canonical(keys), [])]:
            made[str(operator).lower(), str(key).lower()] = frozenset(_texts(values))
    return made


_CLOSED = frozenset(("numericequals", "dateequals", "bool", "binaryequals"))
_RANGES = {"numericlessthan": -1, "numericlessthanequals": -1, "numericgreaterthan": 1, "numericgreaterthanequals": 1}


def _implies(key: tuple[str, str], values: frozenset[str], other: tuple[str, str], allowed: frozenset[str]) -> bool:
    """True where the condition (``key``, ``values``) is at least as narrow as (``other``, ``allowed``)."""
    if key[1] != other[1]:
        return False
    operator, wider = key[0], other[0]
    if operator == wider and values == allowed:
        return True
    if operator != wider and f"{operator}ifexists" != wider and (operator, wider) not in _WIDER:
        return False
    plain = operator.rpartition(":")[2].removesuffix("ifexists")
    if "not" in plain:
        return allowed <= values
    if plain in _RANGES and len(values) == len(allowed) == 1:
        return _closer(_RANGES[plain], *values, *allowed)
    if plain in ("stringlike", "arnlike", "arnequals") or (operator, wider) in _WIDER:
        return bool(values) and all(any(matches(one, pattern) for pattern in allowed) for one in values)
    return plain in (*_CLOSED, "stringequals", "stringequalsignorecase", "ipaddress") and bool(values) and values <= allowed


# An exact comparison is narrower than one by patterns that the value meets.
_WIDER = {("stringequals", "stringlike"), ("arnequals", "arnlike"), ("arnlike", "arnequals"), ("stringequals", "arnlike")}


def _closer(direction: int, one: str, other: str) -> bool:
    try:
        return float(one) * direction >= float(other) * direction
    except ValueError:
        return False


def _opaque(value: Any) -> Statement:
    return Statement("Allow", (Term(),), (Term(),), (Term(),), opaque=canonical(value))


def _listed(terms: tuple[Term, ...]) -> str:
    return ", ".join(map(str, terms))
