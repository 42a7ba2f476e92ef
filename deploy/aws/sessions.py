"""Whose credentials are used for what: the caller's own, and the roles of an environment, assumed per task.

One loader of AWS's models serves all sessions, since reading them is most of what a client costs. Whoever asks for a role waits while it is assumed, and
nobody else does: of many accounts several are assumed side by side.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from weakref import WeakValueDictionary

import boto3
import botocore.session
from botocore import exceptions
from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials

from deploy.aws.api import CONFIG, HASTY, Api, Calls
from deploy.aws.failures import MOST_SKEW_SECONDS, clock_is_off, skew_of, translated
from deploy.aws.models import Models, models
from deploy.aws.pace import PACES
from deploy.errors import CredentialsExpired, Denied
from deploy.model import Caller

Task = Literal["publish", "plan", "deploy", "gc"]

# The shortest that STS gives, but for a deployment, which may monitor for three hours and is refreshed while it runs.
SESSION_SECONDS = {"publish": 900, "plan": 900, "deploy": 3600, "gc": 900}


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where roles are assumed: an account, and the names of its roles by task."""

    account: str
    roles: Mapping[Task, str]
    external_id: str
    partition: str = "aws"

    def arn(self, task: Task) -> str:
        return f"arn:{self.partition}:iam::{self.account}:role/{self.roles[task]}"


@dataclass(kw_only=True)
class Sessions:
    """All credentials of one command.

    ``keys``: access key and secret instead of the machine's own credentials, for the local AWS; ``who``: goes into session names, so that
    CloudTrail says who it was; ``hasty``: soon content with no answer.
    """

    profile: str | None = None
    endpoint: str | None = None
    keys: tuple[str, str] | None = None
    who: str = "tapline"
    hasty: bool = False
    calls: Calls = field(default_factory=Calls)
    _sessions: dict[str, boto3.Session] = field(default_factory=dict)
    _clients: dict[tuple[str, str, str], Api] = field(default_factory=dict)
    _models: Models = field(default_factory=models)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    """Of what is kept here; never held while AWS is asked. Taken after a role's turn, never before."""
    _turns: WeakValueDictionary[str, threading.RLock] = field(default_factory=WeakValueDictionary)

    def in_haste(self) -> Sessions:
        """The same credentials, for what may not answer."""
        return Sessions(profile=self.profile, endpoint=self.endpoint, keys=self.keys, who=self.who, hasty=True, calls=self.calls)

    def own(self, service: str, region: str) -> Api:
        """A client with the caller's own credentials."""
        return self._client("", service, region)

    def role(self, target: Target, task: Task, service: str, region: str) -> Api:
        """A client with a role's credentials, refreshed before they end."""
        with self._turn(target.arn(task)):  # so that nobody forgets the one between both
            self._session(target, task, region)
            return self._client(target.arn(task), service, region)

    def forget(self, target: Target) -> None:
        """Let go of the clients and credentials of all its roles: whoever asks again gets new ones."""
        for arn in sorted({target.arn(task) for task in target.roles}):
            with self._turn(arn), self._lock:
                for key in [key for key in self._clients if key[0] == arn]:
                    del self._clients[key]
                self._sessions.pop(arn, None)

    def credentials(self, target: Target, task: Task, region: str) -> dict[str, str]:
        """A role's, as another process finds them in its environment; they end after an hour at most.

        Raises:
            Denied: the role cannot be assumed.
        """
        found: Any = self._session(target, task, region).get_credentials()
        frozen = found.get_frozen_credentials()
        return {"AWS_ACCESS_KEY_ID": frozen.access_key, "AWS_SECRET_ACCESS_KEY": frozen.secret_key, "AWS_SESSION_TOKEN": frozen.token}

    def frozen(self, region: str) -> Any:
        """The caller's own credentials, to sign a request with that no client of AWS sends.

        Raises:
            Denied: there are none.
        """
        self.own("sts", region)
        found: Any = self._sessions[""].get_credentials()
        if found is None:
            raise translated(exceptions.NoCredentialsError(), "credentials")
        return found.get_frozen_credentials()

    def _session(self, target: Target, task: Task, region: str) -> boto3.Session:
        key = target.arn(task)
        with self._turn(key):
            found = self._sessions.get(key)
            if found is None:
                found = self._assumed(target, task, region)
                found.get_credentials()  # now, and not while a client is made of it
                with self._lock:
                    self._sessions[key] = found
            return found

    def _turn(self, key: str) -> threading.RLock:
        """A role's own lock, for as long as somebody has it or waits for it."""
        with self._lock:
            return self._turns.setdefault(key, threading.RLock())

    def caller(self, region: str) -> Caller:
        """Who the caller is.

        Raises:
            Denied: no credentials, or AWS does not know them, or this clock is off.
        """
        answer = self.own("sts", region)("get_caller_identity")
        skew = skew_of(answer["ResponseMetadata"].get("HTTPHeaders", {}))
        if skew is not None and abs(skew) > MOST_SKEW_SECONDS:
            raise clock_is_off(skew)
        return Caller(account=answer["Account"], arn=answer["Arn"])

    def _client(self, key: str, service: str, region: str) -> Api:
        with self._lock:
            found = self._clients.get((key, service, region))
            if found is None:
                if key not in self._sessions:
                    self._sessions[key] = self._callers()
                connect: Any = self._sessions[key].client  # typed for each service's name alone; here the name is a value
                try:
                    client = connect(service, region_name=region, endpoint_url=self.endpoint, config=HASTY if self.hasty else CONFIG)
                except exceptions.BotoCoreError as error:
                    raise translated(error, service) from error
                client.meta.events.register_first("needs-retry", _at_once)
                PACES.of(_owner(key, self.keys), service, region).attach(client)
                found = self._clients[(key, service, region)] = Api(client, self.calls)
            return found

    def _callers(self) -> boto3.Session:
        access, secret = self.keys or (None, None)
        try:
            return boto3.Session(
                botocore_session=self._core(), profile_name=self.profile, aws_access_key_id=access, aws_secret_access_key=secret
            )
        except exceptions.BotoCoreError as error:
            raise translated(error, "credentials") from error

    def _core(self) -> botocore.session.Session:
        """A new session that shares what is costly with the first one."""
        core = botocore.session.get_session()
        if self.profile:
            core.set_config_variable("profile", self.profile)  # its other settings hold for a role as well: proxies, certificates
        core.register_component("data_loader", self._models)
        return core

    def _assumed(self, target: Target, task: Task, region: str) -> boto3.Session:
        sts = self.own("sts", region)
        core = self._core()
        provider = _RoleProvider(lambda: _assume(sts, target, task, self.who), task)
        core.register_component("credential_provider", CredentialResolver(providers=[provider]))
        return boto3.Session(botocore_session=core)


def _owner(role: str, keys: tuple[str, str] | None) -> str:
    """Whose requests they are: a role's account, else whoever the caller is, by key on the local AWS."""
    return role.split(":")[4] if role else keys[0] if keys else ""


def _at_once(response: Any, operation: Any, **rest: Any) -> None:
    """A quota is no throttling, whatever botocore's list of errors to retry says: asking nine times more only takes a minute."""
    if response and response[1].get("Error", {}).get("Code") == "LimitExceededException":
        raise exceptions.ClientError(response[1], operation.name)


class _RoleProvider(CredentialProvider):
    """botocore's own way to say where credentials come from."""

    METHOD = "assume-role"

    def __init__(self, fetch: Any, task: str) -> None:
        super().__init__()
        self._fetch, self._task = fetch, task

    def load(self) -> RefreshableCredentials:
        return RefreshableCredentials.create_from_metadata(
            metadata=self._fetch(),
            refresh_using=self._fetch,
            method=self.METHOD,
            # The shortest sessions last a quarter of an hour, which is botocore's own idea of "soon".
            advisory_timeout=SESSION_SECONDS[self._task] // 3,
            mandatory_timeout=60,
        )


def _assume(sts: Api, target: Target, task: Task, who: str) -> dict[str, str]:
    """Raises:
    Denied: with the role, the account and what its trust needs.
    """
    arn = target.arn(task)
    try:
        made = sts.beside(
            "assume_role",
            RoleArn=arn,
            RoleSessionName=session_name(task, who),
            ExternalId=target.external_id,
            DurationSeconds=SESSION_SECONDS[task],
            Tags=session_tags(task, who),
        )["Credentials"]
    except CredentialsExpired:
        raise  # the caller's own have ended, which says nothing about the role
    except Denied as error:
        remedy = (
            "bootstrap the environment first; then its trust must name the caller's role (env/tools.yaml, trust.roles), and the "
            "caller's own policy must allow sts:AssumeRole and sts:TagSession on it"
        )
        raise Denied(f"role {arn}", "it cannot be assumed", remedy, (error.text, *error.details)) from error
    return {
        "access_key": made["AccessKeyId"],
        "secret_key": made["SecretAccessKey"],
        "token": made["SessionToken"],
        "expiry_time": made["Expiration"].isoformat(),
    }


def session_tags(task: str, who: str) -> list[dict[str, str]]:
    """Who and what, in CloudTrail beside the session's name, and for policies (``aws:PrincipalTag``); letters that STS allows."""
    return [{"Key": "Task", "Value": task}, {"Key": "By", "Value": re.sub(r"[^\w .:/=+@-]", "-", who)[:256]}]


def session_name(task: str, who: str) -> str:
    """``tapline-plan-ann``: letters that STS allows, 64 at most."""
    return re.sub(r"[^\w+=,.@-]", "-", f"tapline-{task}-{who}", flags=re.ASCII)[:64]
