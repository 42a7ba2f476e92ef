"""What must not be shown: values under names that look secret, parameters with NoEcho, and what AWS itself hides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

MASK = "***"

_WORDS = re.compile(
    r"(?:^|_)(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|credentials?|auth|authorization"
    r"|private_?key|api_?key|access_?key(?:_id)?|secret_?(?:access_)?key|encryption_?key|signing_?key|master_?user_?password)s?$"
)
_HARMLESS = re.compile(
    r"_(?:arns?|names?|ids?|length|policy|type|types|validity|days|seconds|minutes|enabled|rotation|version|count|source|url|endpoint"
    r"|handling|ttl|limit|header|location|scope|status|rules?)$"
)
# The value of these is the secret, whatever its name says.
_PROPERTIES = ("SecretString", "MasterUserPassword", "AuthToken", "OAuthToken", "ClientSecret", "KeyMaterial", "UserData", "DefinitionBody")
_REFERENCE = re.compile(r"^(?:\{\{resolve:(?:secretsmanager|ssm-secure|ssm):[^}]+\}\})+$")
_HIDDEN = re.compile(r"^\*{4,}$")
# Names that hold a method or a switch in CloudFormation, not a secret.
_METHODS = ("AuthorizationType", "Authorization", "Auth", "AuthType")
_SHAPES = (
    re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"gh[pousr]_[A-Za-z0-9]{36}"),
    re.compile(r"xox[abprs]-[A-Za-z0-9-]{10,}"),
    re.compile(r"[a-z+]+://[^/\s:@]+:[^/\s:@]{3,}@"),
)


def secret_name(name: str) -> bool:
    """True where a value under this name is not for showing: ``DB_PASSWORD``, ``apiKey``, not ``SecretArn``."""
    if name in _METHODS:
        return False
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).replace("-", "_").replace(".", "_").lower()
    return name in _PROPERTIES or (bool(_WORDS.search(snake)) and not _HARMLESS.search(snake))


def masked(value: Any, names: Sequence[str] = ()) -> Any:
    """``value`` as it may be shown where ``names`` lead to it (a JSON pointer's parts); a reference to a secret stays."""
    hide = any(secret_name(name) for name in names)
    return _masked(value, hide=hide)


def _masked(value: Any, *, hide: bool) -> Any:
    if isinstance(value, dict):
        named = value.get("Name", value.get("Key", value.get("ParameterKey", "")))
        inner = hide or (isinstance(named, str) and secret_name(named))
        return {
            key: _masked(item, hide=(inner and key in ("Value", "ParameterValue")) or hide or secret_name(str(key)))
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_masked(item, hide=hide) for item in value]
    if value is None or value == "" or (isinstance(value, str) and _REFERENCE.match(value)):
        return value
    if isinstance(value, str) and (_HIDDEN.match(value) or any(shape.search(value) for shape in _SHAPES)):
        return MASK
    return MASK if hide else value
