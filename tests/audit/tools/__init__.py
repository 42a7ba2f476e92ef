"""The tools of the battery: a small module each, with one interface."""

from __future__ import annotations

from tests.audit.tools import cfripper, checkov, cloudsplaining, control_tower, parliament
from tests.audit.tools.tool import Tool

TOOLS: tuple[Tool, ...] = (checkov.TOOL, cfripper.TOOL, control_tower.TOOL, parliament.TOOL, cloudsplaining.TOOL)
