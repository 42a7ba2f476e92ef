"""From what was built to the manifest: everything that the deployer needs, as one value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from deploy import manifest as contract
from deploy.stateful import STATEFUL
from env import settings
from env.model import Environment
from resources import naming
from resources.artifacts import switch_namespace
from resources.deployment import is_production
from resources.tags import tags
from templates import bootstrap, bootstrap_failover, root
from templates.build import AnyBuilt, digest
from templates.data import TABLE
from templates.failover import SWITCH
from templates.monitoring import RELEASE_ALARM
from templates.parts import ACTIVE, APP, EDGE, FAILOVER, REPLICA, Part
from templates.validation.limits import count

if TYPE_CHECKING:
    from env.model import AnyEnvironment
    from resources.assets import Asset

CAPABILITIES = ("CAPABILITY_NAMED_IAM",)


def manifest(built: AnyBuilt, values: dict[str, Any], assets: Iterable[Asset]) -> contract.Manifest:
    """``values``: the environment's own values, dotted path -> value."""
    env, stacks = built.env, tuple(_stack(built.of(part), part) for part in built.parts)
    return contract.Manifest(
        version=contract.VERSION,
        project=env.project,
        environment=env.name,
        account=env.account,
        region=env.region,
        tags=tags(env),
        roles=_roles(env),
        artifacts=tuple(_artifacts(part.env) for part in _firsts(built)),
        bootstraps=tuple(_bootstrap(built, part, name) for part in _firsts(built) for name in part.bootstraps),
        stacks=stacks,
        templates=tuple(_template(built, name) for part in built.parts for name in (*part.registered, part.root)),
        assets=tuple(
            contract.Asset(name=asset.name, path=f"assets/{asset.sha256}.zip", sha256=asset.sha256, size=len(asset.data))
            for asset in sorted(assets, key=lambda asset: asset.name)
        ),
        joins=tuple(join for part in built.parts for join in _joins(built, part)),
        parameters=naming.parameter_path(env),
        checks=tuple(msgspec.to_builtins(check) for check in env.checks),
        limits=tuple(
            contract.Limit(name=name, used=used, allowed=allowed, heaviest=heaviest) for name, used, allowed, heaviest in count(built)
        ),
        values=dict(sorted(values.items())),
        source=_source(env),
        promotion=_promotion(env) if isinstance(env, Environment) else None,
        tools=_tools(env) if isinstance(env, Environment) else None,
        settings=_settings(env) if isinstance(env, Environment) else (),
        drift=tuple(_drift(part) for part in built.parts if "drift" in part.services),
        failover=_failover(built),
    )


def _firsts(built: AnyBuilt) -> list[Part[AnyEnvironment]]:
    """The environment's own region before the second one."""
    return sorted((part for part in built.parts if part.bootstrap), key=lambda part: part.env.region != built.env.region)


def _artifacts(env: AnyEnvironment) -> contract.Bucket:
    return contract.Bucket(name=_concrete(env, naming.bucket_pattern(env, "artifacts")), region=env.region)


def _drift(part: Part[AnyEnvironment]) -> contract.Drift:
    env = part.env
    return contract.Drift(stack=_stack_name(part), bucket=_concrete(env, naming.bucket_pattern(env, "logs")), region=env.region)


def _stack_name(part: Part[AnyEnvironment]) -> str:
    return naming.name(part.env, part.thing, "stack")


def _failover(built: AnyBuilt) -> contract.Failover | None:
    env = built.env
    if not isinstance(env, Environment) or env.disaster_recovery is None:
        return None
    things = {part.thing: part for part in built.parts}
    domain = env.disaster_recovery.domain
    return contract.Failover(
        region=env.region,
        standby=env.disaster_recovery.region,
        app=_stack_name(things[APP]),
        replica=_stack_name(things[REPLICA]),
        bucket=_concrete(env, naming.bucket_pattern(env, "data")),
        standby_bucket=_concrete(env.standby, naming.bucket_pattern(env, "data")),
        table=naming.name(env, TABLE, "table"),
        switch=naming.name(env, SWITCH, "alarm"),
        switch_namespace=switch_namespace(env),
        domain=domain.name if domain else "",
        edge=_stack_name(things[EDGE]) if EDGE in things else "",
        active=naming.parameter_path(env, FAILOVER, ACTIVE) if EDGE in things else "",
    )


def _settings(env: Environment) -> tuple[contract.Setting, ...]:
    described = {name: setting.description for name, setting in env.runtime.settings.items()}
    return tuple(
        contract.Setting(name=name, description=described[name], **asdict(rule))
        for name, rule in sorted(settings.rules(env.runtime).items())
    )


def release(manifests: dict[str, bytes], commit: str | None, parity: str | None) -> contract.Release:
    """The release that these encoded manifests make, by environment; ``parity``: the digest of its proof, None where none was made."""
    made = {name: contract.Build(environment=name, manifest=digest(data)) for name, data in sorted(manifests.items())}
    tools = made.pop(contract.TOOLS, None)
    text = "".join(f"{build.environment} {build.manifest}\n" for build in made.values())
    return contract.Release(
        version=contract.VERSION,
        digest=digest(text.encode()),
        commit=commit,
        builds=tuple(made.values()),
        tools=tools,
        parity=parity,
    )


def _stack(built: AnyBuilt, part: Part[AnyEnvironment]) -> contract.Stack:
    env = built.env
    return contract.Stack(
        name=_stack_name(part),
        region=env.region,
        root=part.root,
        services=built.services,
        capabilities=CAPABILITIES,
        termination_protection=env.termination_protection,
        # Where production is, the execution role may delete nothing that could hold data.
        retain_except_on_create=not is_production(env),
        policy=stack_policy(built),
        guard=contract.Guard(
            triggers=_triggers(part),
            monitoring_minutes=0 if part.thing == EDGE else env.guard.monitoring_minutes,
        ),
        needs=part.needs,
    )


def _triggers(part: Part[AnyEnvironment]) -> tuple[contract.Trigger, ...]:
    env = part.env
    gate = contract.Trigger(alarm=naming.name(env, "gate", "alarm"), type="AWS::CloudWatch::Alarm", since="create")
    if "monitoring" not in part.services:
        return (gate,)
    composite = naming.name(env, RELEASE_ALARM, "alarm")
    return (gate, contract.Trigger(alarm=composite, type="AWS::CloudWatch::CompositeAlarm", since="update"))


def _bootstrap(built: AnyBuilt, part: Part[AnyEnvironment], name: str) -> contract.Bootstrap:
    made, env = built.bootstraps[name], part.env
    return contract.Bootstrap(
        name=naming.name(env, bootstrap.NAME if name == part.bootstrap else bootstrap_failover.THING, "stack"),
        region=env.region,
        path=f"{name}.json",
        sha256=digest(made.encoded),
        outputs=tuple(sorted(made.document.get("Outputs", {}))),
        types=tuple(bootstrap.AWS + kind for kind in made.document["Metadata"]["tapline"]["types"]),
        roles=_roles(env),
    )


def stack_policy(built: AnyBuilt) -> dict[str, Any]:
    """Of one stack: no update replaces or deletes what holds data, nor a nested stack that has such a resource.

    One document serves the root and its children: a stack policy speaks only of its own stack's resources.
    """
    flat, names = built.flat["Resources"], built.names
    used = sorted({resource["Type"] for resource in flat.values()} & STATEFUL.keys())
    holders = sorted({service for flat_id, (service, _) in names.items() if flat[flat_id]["Type"] in used})
    everything = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    if not used:
        return {"Statement": [everything]}
    protected = {"Effect": "Deny", "Action": ["Update:Delete", "Update:Replace"], "Principal": "*"}
    return {
        "Statement": [
            everything,
            {**protected, "Resource": "*", "Condition": {"StringEquals": {"ResourceType": used}}},
            {**protected, "Resource": [f"LogicalResourceId/{root.title(service)}" for service in holders]},
        ]
    }


def _template(built: AnyBuilt, service: str) -> contract.Template:
    document, data = built.templates[service], built.encoded[service]
    return contract.Template(
        service=service,
        path=f"{service}.json",
        sha256=digest(data),
        size=len(data),
        resources=len(document.get("Resources", {})),
        parameters=len(document.get("Parameters", {})),
        outputs=len(document.get("Outputs", {})),
    )


def _joins(built: AnyBuilt, part: Part[AnyEnvironment]) -> list[contract.Join]:
    producers: dict[str, str] = {}
    consumers: dict[str, list[str]] = {}
    for service in part.registered:
        producers |= dict.fromkeys(built.templates[service].get("Outputs", {}), service)
        for name in built.templates[service].get("Parameters", {}):
            consumers.setdefault(name, []).append(service)
    return [
        contract.Join(name=name, producer=producer, consumers=tuple(consumers.get(name, ())))
        for name, producer in sorted(producers.items())
    ]


def _roles(env: AnyEnvironment) -> contract.Roles:
    return _roles_in(env, env.name, env.account, env.region)


def _roles_in(env: AnyEnvironment, environment: str, account: str, region: str) -> contract.Roles:
    purposes = ("publish", "plan", "deploy", "execution", "gc")
    patterns = {purpose: naming.global_pattern(env, purpose, "role", environment) for purpose in purposes}
    names = {purpose: _filled(pattern, account, region) for purpose, pattern in patterns.items()}
    return contract.Roles(**names, external_id=env.tools.trust.external_id)


def _source(env: AnyEnvironment) -> str:
    """The one before it on the pipeline's way."""
    way = env.tools.pipeline.environments
    before = way.index(env.name) - 1 if env.name in way else -1
    return way[before] if before >= 0 else ""


def _promotion(env: Environment) -> contract.Promotion:
    values = msgspec.to_builtins(env.promotion)
    return msgspec.convert({**values, "production": env.production}, contract.Promotion)


def _tools(env: Environment) -> contract.ToolsAccount:
    """The names that its own templates have: the same patterns, in another account, under another name."""
    account, region = env.tools.account, env.tools.region
    bucket = _filled(naming.bucket_pattern(env, "artifacts", contract.TOOLS), account, region)
    return contract.ToolsAccount(account=account, region=region, bucket=bucket, roles=_roles_in(env, contract.TOOLS, account, region))


def _concrete(env: AnyEnvironment, pattern: str) -> str:
    return _filled(pattern, env.account, env.region)


def _filled(pattern: str, account: str, region: str) -> str:
    return pattern.replace(naming.ACCOUNT, account).replace(naming.REGION, region)
