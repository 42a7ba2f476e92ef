"""What values are made of: the base of all of them, the mark of those that may differ, and texts and numbers with their limits."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

VARIES = Meta(extra_json_schema={"x-varies": True})

NAME_PATTERN = "^[a-z][a-z0-9-]{1,19}$"
UUID_PATTERN = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
CIDR_PATTERN = r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$"
# Labels of 1 to 63 letters, digits and hyphens, at least two; a certificate takes 64 characters in all (RequestCertificate, DomainName: 253).
DOMAIN_PATTERN = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"

Name = Annotated[str, Meta(pattern=NAME_PATTERN, description="lower case letters, digits and hyphens, 2 to 20 characters")]
Account = Annotated[str, Meta(pattern="^[0-9]{12}$", description="an AWS account id: 12 digits, in quotes")]
Region = Annotated[str, Meta(pattern="^[a-z]{2,4}(-[a-z]+)+-[0-9]$", description="an AWS region, such as us-east-1")]
Cidr = Annotated[str, Meta(pattern=CIDR_PATTERN, description="an IPv4 address block, such as 10.10.0.0/16")]
DomainName = Annotated[str, Meta(pattern=DOMAIN_PATTERN, max_length=253)]
Days = Annotated[int, Meta(ge=1, le=3650)]
Text = Annotated[str, Meta(min_length=1, max_length=256)]
# Owner and cost center are tags: every service takes these characters (tagging's "allowed in all services").
TagText = Annotated[
    str,
    Meta(pattern="^[A-Za-z0-9 _.:/=+@-]{1,256}$", description="1 to 256 letters without accents, digits, spaces and _ . : / = + - @"),
]

# CloudWatch Logs takes these and no other retention (AWS::Logs::LogGroup, RetentionInDays).
RetentionDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]


class Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of all values here: immutable, compared by content, strict about its keys."""
