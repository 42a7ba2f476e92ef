"""The runtime configuration of an environment: read, changed by operators, looked back on.

The template owns `<path>/config/<name>`, the default; an operator's value is `<path>/config/set/<name>`, which wins until it is unset. A change
takes no lock: no deployment writes these parameters, and who is to switch something off must not wait for one. Parameter Store knows no
condition on a write, so what was shown is read again before it, and the version is looked at afterwards.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator

import msgspec

from deploy import entry, lock, mirroring
from deploy import setting as settings
from deploy.account import Account
from deploy.aws.parameters import Stored
from deploy.errors import Conflict, DeployError, OutcomeUnknown
from deploy.ledger import Ledger
from deploy.manifest import Setting
from deploy.noun import Noun
from deploy.parallel import each
from deploy.record import Change, Record
from deploy.setting import Changes, Configuration, Elsewhere, Past, Value
from deploy.show import Show

# Stands in the description of what this command writes, so that its versions are told from those made past it.
_MARK = re.compile(r"\[change ([0-9a-f]{16}) by (\S+)\]$")
_LONGEST_DESCRIPTION = 1024
"""Of a parameter (PutParameter, Description)."""


class Proposed(Noun, frozen=True, kw_only=True):
    """A change to one setting, before it is made. ``text``: what is to be stored, None to unset; ``change``: as it is shown."""

    setting: Setting
    now: Value
    text: str | None
    secure: bool = False
    change: Change

    @property
    def is_nothing(self) -> bool:
        """It stands so already. A secret cannot be compared."""
        if self.text is None:
            return not self.now.version and not self.now.elsewhere
        return bool(self.now.version) and not self.secure and self.now.value == self.text and not self.now.elsewhere


def read(account: Account) -> Configuration:
    """All of it.

    Raises:
        Conflict: nothing is deployed.
    """
    manifest, parameters = account.manifest, account.parameters("plan")
    found = parameters.under(_path(account))
    _check_deployed(account, found)
    ours = {setting.name for setting in manifest.settings}
    own = {name.removeprefix("set/"): stored for name, stored in found.items() if name.startswith("set/")}
    others = mirroring.others(account, _path(account), manifest.settings, own)
    authors = dict(zip(own, each(lambda name: _author(parameters.versions(_set(account, name))), own), strict=True))
    return Configuration(
        environment=manifest.environment,
        path=_path(account),
        cache_seconds=int(manifest.values.get("runtime.cache_seconds", 0)),
        values=tuple(
            _value(one, found.get(one.name), own.get(one.name), authors.get(one.name, ""), others.get(one.name, ()))
            for one in manifest.settings
        ),
        strangers=tuple(sorted(own.keys() - ours)),
    )


def look(account: Account, name: str) -> Value:
    """Raises:
    Invalid: there is no such setting.
    Conflict: it is not deployed.
    """
    setting, parameters = settings.known(account.manifest, name), account.parameters("plan")
    default, own = each(parameters.find, [f"{_path(account)}/{name}", _set(account, name)])
    _check_deployed(account, {name: default} if default else {}, setting)
    others = mirroring.others(account, _path(account), (setting,), {name: own} if own else {})
    author = _author(parameters.versions(_set(account, name))) if own else ""
    return _value(setting, default, own, author, others.get(name, ()))


def propose(
    account: Account, name: str, text: str | None, *, secure: bool = False, expect: int | None = None, reason: str = ""
) -> Proposed:
    """``text`` None: unset. ``expect``: the version that the operator has seen, 0 for none.

    Raises:
        Invalid, Refused: as `deploy.setting.checked` says.
        Conflict: it is another version, or not deployed.
    """
    setting = settings.known(account.manifest, name)
    text = None if text is None else settings.checked(account.manifest, setting, text, secure=secure)
    now = look(account, name)
    if expect is not None and expect != now.version:
        raise _moved(account, now, f"it is not at version {expect}")
    after = now.default if text is None else settings.shown(setting.type, text, secure=secure)
    return Proposed(
        setting=setting, now=now, text=text, secure=secure, change=Change(name=name, before=now.value, after=after, reason=reason)
    )


def running(account: Account) -> str:
    """What holds the environment's lock, in words; empty where nothing does."""
    held = lock.holder(account.store("plan", account.manifest.region))
    return held.words if held and held.alive(lock.now()) else ""


def carry_out(account: Account, proposed: Proposed, show: Show, reached: Callable[[str], None] = lambda point: None) -> Record:
    """Write it down, do it, and write down how it ended. ``reached`` as in `deploy.rollout`.

    Raises:
        Conflict: somebody else changed it since it was shown; nothing was written, or what was written won, as the message says.
    """
    now = look(account, proposed.setting.name)
    if (now.version, now.at) != (proposed.now.version, proposed.now.at):
        raise _moved(account, now, "it was changed since it was shown")
    store = account.store("deploy", account.manifest.region)
    ledger, held = Ledger(store=store), lock.holder(store)
    verb = "config unset" if proposed.text is None else "config set"
    record = entry.begun(account, held.fence if held else 0, verb, secrets.token_hex(32), change=proposed.change)
    ledger.began(record)
    reached("recorded")
    try:
        version, missed = _done(account, proposed, record)
        crossed = _crossed(account, proposed, record, version) if version else None
    except OutcomeUnknown:
        raise  # the record says that it began; Parameter Store, whether it was done
    except DeployError as error:
        ledger.ended(entry.refused(record, error))
        raise
    facts = {"code": crossed.code, "message": crossed.fact} if crossed else {"message": "; ".join(missed)}
    ended = entry.ended(account, record, "succeeded", (), change=msgspec.structs.replace(proposed.change, version=version), **facts)
    if crossed:
        ledger.ended(ended)
        raise crossed
    for words in missed:
        show.warn(f"{words}; the same command again writes it there")
    seconds = account.manifest.values.get("runtime.cache_seconds", 0)
    show.note(f"the functions see it within {seconds} s, without a deployment")
    return ledger.ended(ended)


def _done(account: Account, proposed: Proposed, record: Record) -> tuple[int, tuple[str, ...]]:
    """The version that stands now, 0 for none; and which other regions do not have it, in words."""
    parameters, name = account.parameters("deploy"), _set(account, proposed.setting.name)
    if proposed.text is None:
        parameters.delete(name)
        return 0, mirroring.write(account, name, proposed.setting, None, "", secure=False)
    mark = f" [change {record.plan[:16]} by {record.by}]"
    description = proposed.setting.description[: _LONGEST_DESCRIPTION - len(mark)] + mark
    version = parameters.write(name, proposed.text, description, secure=proposed.secure, new=not proposed.now.version)
    if version is None:
        # The answer to the first request may have been lost, and the request been made again.
        version = next((one.version for one in parameters.versions(name) if _id(one) == record.plan[:16]), None)
    if version is None:
        raise _moved(account, look(account, proposed.setting.name), "it was set at the same moment")
    return version, mirroring.write(account, name, proposed.setting, proposed.text, description, secure=proposed.secure)


def _crossed(account: Account, proposed: Proposed, record: Record, version: int) -> Conflict | None:
    """Where somebody else's change came between what was shown and what was written, and is overwritten."""
    before, environment = proposed.now.version, account.manifest.environment
    if version == before + 1:
        return None
    versions = account.parameters("plan").versions(_set(account, proposed.setting.name))
    others = [one for one in versions if before < one.version < version and _id(one) != record.plan[:16]]
    if version > before and not others:
        return None  # our own request, made twice
    what = f"{_author((others[-1],))} set it (version {others[-1].version})" if others else "somebody unset it"
    return Conflict(
        f"setting {proposed.setting.name} of {environment}",
        f"{what} at the same moment; this change came last and is in force, as version {version}",
        f"see both: python -m deploy config history {environment} {proposed.setting.name}",
    )


def history(account: Account, name: str, limit: int) -> Changes:
    """Of one setting, or of all: what the ledger has, and what was done past it, as far as Parameter Store remembers.

    Raises:
        Invalid: there is no such setting.
    """
    manifest, parameters = account.manifest, account.parameters("plan")
    types = {setting.name: setting.type for setting in manifest.settings}
    if name:
        settings.known(manifest, name)
    own = [one.removeprefix("set/") for one in parameters.under(_path(account)) if one.startswith(f"set/{name}")]
    ledger = Ledger(store=account.store("plan", manifest.region))
    found = [_recorded(record) for record in ledger.changes(limit, name) if record.change]
    for setting, versions in zip(own, each(lambda one: parameters.versions(_set(account, one)), own), strict=True):
        if setting == name or not name:
            found += _past_it(setting, types.get(setting, "text"), versions)
    newest = sorted(found, key=lambda past: past.at, reverse=True)
    return Changes(environment=manifest.environment, changes=tuple(newest[:limit]))


def _recorded(record: Record) -> Past:
    assert record.change
    change = record.change
    return Past(
        at=record.ended or record.began,
        name=change.name,
        before=change.before,
        after=change.after,
        by=record.by,
        version=change.version,
        reason=change.reason,
        outcome=record.outcome,
    )


def _past_it(name: str, type: str, versions: tuple[Stored, ...]) -> Iterator[Past]:
    """The versions that this command did not write. Whoever edits a parameter elsewhere keeps its description, so a mark counts once."""
    seen: set[str] = set()
    before = ""
    for stored in versions:
        mark, after = _id(stored), settings.shown(type, stored.value, secure=stored.secure)
        if not mark or mark in seen:
            yield Past(at=stored.at, name=name, before=before, after=after, by=stored.by, version=stored.version, source="Parameter Store")
        seen.add(mark)
        before = after


def _author(versions: tuple[Stored, ...]) -> str:
    """Of the newest version: who ran this command, else whom AWS names."""
    if not versions:
        return ""
    newest, mark = versions[-1], _MARK.search(versions[-1].description)
    first = next((one for one in versions if _id(one) == _id(newest)), newest)
    return mark[2] if mark and first == newest else newest.by


def _id(stored: Stored) -> str:
    found = _MARK.search(stored.description)
    return found[1] if found else ""


def _value(setting: Setting, default: Stored | None, own: Stored | None, by: str, elsewhere: tuple[Elsewhere, ...] = ()) -> Value:
    inherited = default.value if default else ""
    return Value(
        name=setting.name,
        type=setting.type,
        description=setting.description,
        value=settings.shown(setting.type, own.value, secure=own.secure) if own else inherited,
        default=inherited,
        version=own.version if own else 0,
        by=by,
        at=own.at if own else None,
        problem=settings.problem(setting, own.value, secure=own.secure) if own else "",
        elsewhere=elsewhere,
    )


def _path(account: Account) -> str:
    return f"{account.manifest.parameters}/config"


def _set(account: Account, name: str) -> str:
    return f"{_path(account)}/set/{name}"


def _check_deployed(account: Account, found: dict[str, Stored], setting: Setting | None = None) -> None:
    """Raises:
    Conflict: the default is not there. A secret has none, so it is not known whether it is deployed.
    """
    environment = account.manifest.environment
    wanted = (setting,) if setting else account.manifest.settings
    missing = [one.name for one in wanted if one.default is not None and one.name not in found]
    if not missing:
        return
    if setting or len(missing) < len(wanted):
        fact = f"this build has {', '.join(missing)}, and what is deployed has not"
    else:
        fact = "nothing is deployed"
    raise Conflict(f"configuration of {environment}", fact, f"deploy it first: python -m deploy up {environment}")


def _moved(account: Account, now: Value, fact: str) -> Conflict:
    environment = account.manifest.environment
    state = f"version {now.version}, {now.value}, by {now.by} at {now.at:%Y-%m-%d %H:%M:%S} UTC" if now.version else "nobody has it set"
    return Conflict(
        f"setting {now.name} of {environment}",
        f"{fact}: {state}",
        f"nothing was changed; look at it: python -m deploy config get {environment} {now.name}",
    )
