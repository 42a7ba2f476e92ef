"""Puts the handlers where their zip puts them: `shared` can be imported, and each handler as `<folder>.handler`."""

from __future__ import annotations

import sys

from resources.assets import HANDLERS

if str(HANDLERS) not in sys.path:
    sys.path.insert(0, str(HANDLERS))
