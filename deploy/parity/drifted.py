"""The real resources beside their templates, as findings of parity: what has drifted is the same in no two environments."""

from __future__ import annotations

from collections.abc import Iterator

from deploy import drift
from deploy.account import Account
from deploy.parity.proof import Finding


def drifted(account: Account) -> Iterator[Finding]:
    """Raises:
    DeployError: a stack does not stand, or is at work.
    """
    name = account.manifest.environment
    for report in drift.look(account):
        for one in report.drifted:
            if not one.differences:
                yield Finding(kind="unexplained", environment=name, other="its template", path=one.path, has=None, expected=f'"{one.type}"')
            for each in one.differences:
                yield Finding(
                    kind="unexplained",
                    environment=name,
                    other="its template",
                    path=f"{one.path}/Properties{each.property}",
                    has=each.actual,
                    expected=each.expected,
                )
