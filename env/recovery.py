"""A second region: where it is, its address blocks, and what leads to the region that serves (docs/disaster-recovery.md)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from env.base import VARIES, Cidr, DomainName, Region, Value


class Blocks(Value, frozen=True, kw_only=True):
    """Address blocks of one VPC, over three zones."""

    cidr: Annotated[Cidr, VARIES]
    public: Annotated[tuple[Cidr, Cidr, Cidr], VARIES]
    private: Annotated[tuple[Cidr, Cidr, Cidr], VARIES]


class Domain(Value, frozen=True, kw_only=True):
    """The API's own name, which leads to the region that serves."""

    name: Annotated[DomainName, Meta(description="such as api.example.com; below the zone's own name")]
    hosted_zone: Annotated[
        str, Meta(pattern="^Z[A-Z0-9]{4,31}$", description="the id of a public hosted zone in Route 53, such as Z0123456789ABC")
    ]


class DisasterRecovery(Value, frozen=True, kw_only=True):
    """The second region: where it is, its address blocks, and what leads to the region that serves.

    ``domain``: Route 53 fails it over; null: a distribution of CloudFront does, under its own name.
    """

    region: Region
    network: Blocks
    domain: Domain | None = None
