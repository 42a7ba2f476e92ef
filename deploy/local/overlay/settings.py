"""How fast the local AWS is and how large its pages are, from the environment of its process."""

from __future__ import annotations

import os

MINUTE_SECONDS = float(os.environ.get("TAPLINE_MINUTE_SECONDS", "60"))
"""Seconds that one minute of monitoring time, and of an alarm's period, lasts."""

RESOURCE_SECONDS = float(os.environ.get("TAPLINE_RESOURCE_SECONDS", "0"))
"""Seconds that each resource takes, spent without holding up anything else."""

CHANGE_SET_SECONDS = float(os.environ.get("TAPLINE_CHANGE_SET_SECONDS", "0.01"))
"""Seconds that each nested change set takes to settle."""

PAGE_SIZE = int(os.environ.get("TAPLINE_PAGE_SIZE", "100"))
"""Members of a page of changes, events or stacks. AWS ends a page at 1 MB of answer; a count is easier to test with."""

CHANGE_SETS_PER_STACK = int(os.environ.get("TAPLINE_CHANGE_SETS_PER_STACK", "1000"))
"""How many change sets a stack may have. AWS has such a limit and does not document its number."""

SETS_PER_ACCOUNT = int(os.environ.get("TAPLINE_STACK_SETS", "1000"))
INSTANCES_PER_SET = int(os.environ.get("TAPLINE_STACK_INSTANCES", "100000"))
INSTANCES_AT_ONCE = int(os.environ.get("TAPLINE_STACK_INSTANCES_AT_ONCE", "10000"))
"""Quotas of StackSets; AWS's own by default."""

POLL_SECONDS = min(0.25, MINUTE_SECONDS / 40)
"""Seconds between two looks at a rollback trigger's state."""

EVALUATION_SECONDS = min(1.0, max(0.05, MINUTE_SECONDS / 20))
"""Seconds between two evaluations of all alarms, and two measurements of all queues."""
