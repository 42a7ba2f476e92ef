"""The lock beside the ledger: whether whoever holds it is done, and how it is given back."""

from __future__ import annotations

from collections.abc import Callable

from deploy import lock
from deploy.errors import DeployError
from deploy.ledger import Ledger
from deploy.lock import Holder, Lock, Swaps


def is_over(holder: Holder, ledger: Ledger) -> bool:
    """The operation that it is held for has ended: who held it was killed between its last record and the release."""
    last = ledger.find(holder.operation)
    return bool(last and last.ended)


def release_what_is_over(store: Swaps, ledger: Ledger) -> None:
    held = lock.current(store)
    if held and held.holder.held and is_over(held.holder, ledger):
        held.release()


def give_back(held: Lock, warn: Callable[[str], None]) -> None:
    """How the operation ended stands, whatever becomes of the lock: it expires by itself."""
    try:
        held.release()
    except DeployError as error:
        warn(f"the lock could not be given back, and expires at {held.holder.until:%H:%M} UTC: {error.fact}")
