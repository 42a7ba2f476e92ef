"""What must hold before a release comes to an environment (docs/promotion.md)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from env.base import VARIES, Text, Value

Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description='a time of day in UTC, in quotes, such as "09:30"')]
Date = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description='a date in quotes, such as "2026-12-24"')]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Window(Value, frozen=True, kw_only=True):
    """When releases may come; it begins and ends on the same day."""

    days: Annotated[tuple[Weekday, ...], Meta(min_length=1)]
    begin: Clock
    end: Clock


class Freeze(Value, frozen=True, kw_only=True):
    """Days on which no release comes, the last one included."""

    first: Date
    last: Date
    reason: Text


class Promotion(Value, frozen=True, kw_only=True):
    """What must hold before a release comes here from the environment before it (`tools.yaml`, pipeline.environments)."""

    bake_minutes: Annotated[int, Meta(ge=0, le=20160, description="for so long it ran there, verified"), VARIES]
    drift_hours: Annotated[int, Meta(ge=1, le=168, description="a drift report older than this proves nothing"), VARIES]
    approvals: Annotated[int, Meta(ge=0, le=5, description="of so many people"), VARIES]
    separate_approver: Annotated[bool, Meta(description="true: nobody approves what they promote themselves"), VARIES]
    windows: Annotated[tuple[Window, ...], Meta(max_length=14, description="none: at any time"), VARIES]
    freezes: Annotated[tuple[Freeze, ...], Meta(max_length=50), VARIES]
