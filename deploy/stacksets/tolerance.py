"""How many failures a wave bears, over all its operations.

CloudFormation counts by account in each region (API reference, StackSetOperationPreferences), and each operation for itself. A wave may
need several, so what they did together is counted here in the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from deploy.manifest import Preferences
from deploy.stacksets.model import Place


def tolerated(preferences: Preferences, accounts: int) -> int:
    """Failures that are borne among so many accounts of one region; a percentage is rounded down."""
    if preferences.failure_tolerance_count is not None:
        return preferences.failure_tolerance_count
    return accounts * (preferences.failure_tolerance_percentage or 0) // 100


def exceeded(preferences: Preferences, places: Iterable[Place], failed: Iterable[Place]) -> tuple[str, ...]:
    """The regions in which more failed than are borne, with figures. ``places``: of the whole wave."""
    all_of: Mapping[str, int] = Counter(region for _, region in places)
    lost: Mapping[str, int] = Counter(region for _, region in failed)
    return tuple(
        f"{count} of {all_of[region]} accounts failed in {region}, and {tolerated(preferences, all_of[region])} may"
        for region, count in sorted(lost.items())
        if count > tolerated(preferences, all_of[region])
    )
