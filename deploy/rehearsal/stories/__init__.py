"""The stories, by what they are about; importing this registers all of them."""

from __future__ import annotations

from deploy.rehearsal.stories import approval, failures, kills, others, releases, stopping, triggers, trouble, ways_back

__all__ = ["approval", "failures", "kills", "others", "releases", "stopping", "triggers", "trouble", "ways_back"]
