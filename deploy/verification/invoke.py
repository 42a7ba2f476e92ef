"""The invoke check: a function's live alias takes an event and answers without an error."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from deploy.verification.model import InvokeCheck, NotVerified
from deploy.verification.words import excerpt

if TYPE_CHECKING:
    from deploy.verification.place import Place


def name(check: InvokeCheck) -> str:
    return f"function {check.function}"


def see(check: InvokeCheck, place: Place, over: threading.Event) -> str:
    from deploy.aws.functions import LIVE, Functions

    answer = Functions(api=place.api("lambda")).invoke(place.name(check.function), LIVE, json.dumps(check.payload).encode())
    if answer.error:
        raise NotVerified(f"the function fails ({answer.error}): {message(answer.payload)}", excerpt(answer.payload))
    return excerpt(answer.payload)


def message(payload: bytes) -> str:
    """What a function that raises says of it; source: Lambda's developer guide, "Lambda function handler in Python", exceptions."""
    try:
        said = json.loads(payload)
        return f"{said.get('errorType') or 'error'}: {said.get('errorMessage') or 'it says no more'}"
    except (ValueError, AttributeError):
        return "it says no more"
