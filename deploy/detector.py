"""The one door to what the scheduled function and the command share: modules that know nothing but the runtime.

They lie with the functions' sources, since the function's zip is made of those. Type checkers know them by the name that they have there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared import drift_acceptance, drift_detection, drift_readers, drift_report
else:
    from resources.handlers.shared import drift_acceptance, drift_detection, drift_readers, drift_report

__all__ = ["drift_acceptance", "drift_detection", "drift_readers", "drift_report"]
