"""How the gates learn of drift and of parity: the last report where it is young enough, else a look now; the proof that the release carries."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from deploy.account import Account
from deploy.drifting import DriftReport
from deploy.manifest import Release
from deploy.promotion.ground import Differences, Seen


def look(account: Account, hours: int) -> Seen:
    """``hours``: how old a report may be.

    Raises:
        DeployError: nothing could be read, and nothing detected.
    """
    from deploy import drift

    last = drift.last_report(account)
    if last and last.age <= hours * 3600:
        return _seen(account, (last.report,))
    return _seen(account, drift.look(account))


def _seen(account: Account, reports: tuple[DriftReport, ...]) -> Seen:
    open_ = (one for report in reports for one in report.drifted)
    unknown = () if all(report.known for report in reports) else ("not everything could be looked at: see python -m deploy drift",)
    return Seen(
        environment=account.manifest.environment,
        at=min((report.at for report in reports), default=None),
        drifted=(
            *(f"{one.path} ({one.type}): {', '.join(each.property for each in one.differences) or one.status}" for one in open_),
            *unknown,
        ),
        uncovered=sum(len(report.uncovered) + len(report.unchecked_stacks) for report in reports),
    )


def compare(source: Account, target: Account, release: Release, data: bytes | None) -> Differences:
    """``data``: the proof of parity that was kept with the release; it speaks of that release's manifests, and of no others."""
    from deploy.parity.judgement import gate
    from deploy.parity.proof import decode
    from deploy.parity.report import explained

    names = (source.manifest.environment, target.manifest.environment)
    if data is None or release.parity is None:
        return Differences(problem=f"release {release.digest[:12]} carries no proof of parity")
    if sha256(data).hexdigest() != release.parity:
        return Differences(problem=f"the proof of parity that was kept is not that of release {release.digest[:12]}")
    try:
        proof = decode(data)
    except msgspec.DecodeError as error:
        return Differences(problem=f"this deployer cannot read the proof of parity: {error}")
    built = {one.environment: one.manifest for one in release.builds}
    proven = [one for name in names if (one := proof.of(name)) and one.manifest == built.get(name)]
    if len(proven) < len(names):
        return Differences(problem=f"the proof of parity does not speak of {' and '.join(names)} as they were built")
    findings = tuple(f"{one.environment} {one.path or 'the build'}: {one.origin}" for one in gate(proof, *names))
    return Differences(explained=len(list(explained(proof, proven))), findings=findings)
