"""The parameter check: a value of the environment's Parameter Store tree is there, and is not empty.

The value itself is not shown: it may be one that not everybody is to read.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from deploy.verification.model import NotVerified, ParameterCheck

if TYPE_CHECKING:
    from deploy.verification.place import Place


def name(check: ParameterCheck) -> str:
    return check.path


def see(check: ParameterCheck, place: Place, over: threading.Event) -> str:
    from deploy.aws.parameters import Parameters

    path = f"{place.account.manifest.parameters}/{check.path.lstrip('/')}"
    value = Parameters(api=place.api("ssm")).get(path)
    if value is None:
        raise NotVerified(f"there is no parameter {path}")
    if not value.strip():
        raise NotVerified(f"parameter {path} is empty")
    return f"{path} has a value of {len(value)} characters"
