"""The stories, by what they are about; importing this registers all of them."""

from __future__ import annotations

from deploy.rehearsal.stories import approval, failures, kills, others, regions, releases, stopping, triggers, trouble, ways_back

ORDER = (releases, triggers, failures, stopping, kills, others, trouble, approval, ways_back, regions)
"""In which they are told and played."""
