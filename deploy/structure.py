"""How a template is made, apart from what it means: what is a function, what tells items of a list apart, how a path is written."""

from __future__ import annotations

from typing import Any

# What tells items of one list apart, where each has it and no two have the same.
KEYS = ("Sid", "Id", "Name", "Key", "Region", "RegionName", "AttributeName", "IndexName", "PolicyName", "PolicyType")


def function(value: Any) -> str:
    """The name of the function that ``value`` is, "" where it is none."""
    if isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        if name == "Condition":
            return name if isinstance(value[name], str) else ""
        if isinstance(name, str) and (name == "Ref" or name.startswith(("Fn::", "Tapline::"))):
            return name
    return ""


def escaped(key: str) -> str:
    """RFC 6901."""
    return key.replace("~", "~0").replace("/", "~1")
