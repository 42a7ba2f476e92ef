"""Small documents for each rule: one that is right, and single changes that make it wrong."""

from __future__ import annotations

from tests.validation.rule_cases import api, compute, delivery, identity, keys, messaging, network, places, storage, watch
from tests.validation.rule_cases.case import Case, sample

__all__ = ["CASES", "Case", "sample"]

CASES: tuple[Case, ...] = (
    *storage.CASES,
    *messaging.CASES,
    *identity.CASES,
    *keys.CASES,
    *compute.CASES,
    *api.CASES,
    *network.CASES,
    *watch.CASES,
    *places.CASES,
    *delivery.CASES,
)
