"""From what was built to the manifest: everything that the deployer needs, as one value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from deploy import manifest as contract
from deploy.stateful import STATEFUL
from env import settings
from env.model import Environment, ToolsEnvironment
from resources import naming, reach
from resources.deployment import is_production
from resources.tags import tags
from templates import bootstrap, root
from templates.build import AnyBuilt, digest, encode
from templates.drift import APP_STACK
from templates.monitoring import RELEASE_ALARM
from templates.pipeline import PIPELINE_STACK
from templates.reach import stack_sets
from templates.sets import administration, artifacts
from templates.validation.limits import count

if TYPE_CHECKING:
    from env.model import AnyEnvironment
    from resources.assets import Asset

CAPABILITIES = ("CAPABILITY_NAMED_IAM",)


def manifest(built: AnyBuilt, values: dict[str, Any], assets: Iterable[Asset]) -> contract.Manifest:
    """``values``: the environment's own values, dotted path -> value."""
    env, stack = built.env, _stack(built)
    return contract.Manifest(
        version=contract.VERSION,
        project=env.project,
        environment=env.name,
        account=env.account,
        region=env.region,
        tags=tags(env),
        roles=_roles(env),
        artifacts=_artifacts(env),
        bootstraps=_bootstraps(built, (stack,)),
        stacks=(stack,),
        templates=(
            *(_template(service, built.templates[service], built.encoded[service]) for service in (*built.services, "root")),
            *(_template(service, made.document, encode(made.document)) for service, made in sorted(built.beside.items()) if made.published),
        ),
        assets=tuple(
            contract.Asset(name=asset.name, path=f"assets/{asset.sha256}.zip", sha256=asset.sha256, size=len(asset.data))
            for asset in sorted(assets, key=lambda asset: asset.name)
        ),
        joins=_joins(built),
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
        drift=_drift(env, stack) if isinstance(env, Environment) else (),
        stack_sets=stack_sets(env, built.sets) if isinstance(env, ToolsEnvironment) else (),
    )


def _artifacts(env: AnyEnvironment) -> tuple[contract.Bucket, ...]:
    """The own region's first; then those in which instances of StackSets need code."""
    regions = (env.region, *(env.code_regions if isinstance(env, ToolsEnvironment) else ()))
    pattern = naming.bucket_pattern(env, "artifacts")
    return tuple(contract.Bucket(name=_filled(pattern, env.account, region), region=region) for region in regions)


def _drift(env: Environment, stack: contract.Stack) -> tuple[contract.Drift, ...]:
    return (contract.Drift(stack=stack.name, bucket=_concrete(env, naming.bucket_pattern(env, "logs")), region=env.region),)


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


def _stack(built: AnyBuilt) -> contract.Stack:
    env = built.env
    return contract.Stack(
        name=naming.name(env, APP_STACK if isinstance(env, Environment) else PIPELINE_STACK, "stack"),
        region=env.region,
        root="root",
        services=built.services,
        capabilities=CAPABILITIES,
        termination_protection=env.termination_protection,
        # Where production is, the execution role may delete nothing that could hold data.
        retain_except_on_create=not is_production(env),
        policy=stack_policy(built),
        guard=contract.Guard(
            triggers=_triggers(env),
            monitoring_minutes=env.guard.monitoring_minutes,
        ),
    )


def _triggers(env: AnyEnvironment) -> tuple[contract.Trigger, ...]:
    gate = contract.Trigger(alarm=naming.name(env, "gate", "alarm"), type="AWS::CloudWatch::Alarm", since="create")
    if not isinstance(env, Environment):
        return (gate,)
    composite = naming.name(env, RELEASE_ALARM, "alarm")
    return (gate, contract.Trigger(alarm=composite, type="AWS::CloudWatch::CompositeAlarm", since="update"))


def _bootstraps(built: AnyBuilt, stacks: Iterable[contract.Stack]) -> tuple[contract.Bootstrap, ...]:
    """One for every region that a stack goes to, all from one template; and what StackSets need beside it."""
    made = built.bootstrap
    own = tuple(
        contract.Bootstrap(
            name=naming.name(built.env, bootstrap.NAME, "stack"),
            region=region,
            path=f"{bootstrap.NAME}.json",
            sha256=digest(made.encoded),
            outputs=tuple(sorted(made.document["Outputs"])),
            types=tuple(bootstrap.AWS + kind for kind in made.document["Metadata"]["tapline"]["types"]),
        )
        for region in sorted({stack.region for stack in stacks})
    )
    return (*own, *_reach_bootstraps(built))


def _reach_bootstraps(built: AnyBuilt) -> list[contract.Bootstrap]:
    env = built.env
    if not isinstance(env, ToolsEnvironment) or not env.stack_sets:
        return []
    wanted = [(reach.BOOTSTRAP, env.region, administration.NAME)]
    wanted += [(bootstrap.NAME, region, artifacts.NAME) for region in env.code_regions]
    return [
        contract.Bootstrap(
            name=naming.name(env, thing, "stack"),
            region=region,
            path=f"{service}.json",
            sha256=digest(encode(built.beside[service].document)),
            outputs=tuple(sorted(built.beside[service].document.get("Outputs", {}))),
            types=(),
        )
        for thing, region, service in wanted
    ]


def stack_policy(built: AnyBuilt) -> dict[str, Any]:
    """No update replaces or deletes what holds data, nor a nested stack that has such a resource.

    One document serves the root and its children: a stack policy speaks only of its own stack's resources.
    """
    used = sorted({resource["Type"] for resource in built.flat["Resources"].values()} & STATEFUL.keys())
    holders = sorted({service for flat_id, (service, _) in built.names.items() if built.flat["Resources"][flat_id]["Type"] in used})
    protected = {"Effect": "Deny", "Action": ["Update:Delete", "Update:Replace"], "Principal": "*"}
    return {
        "Statement": [
            {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
            {**protected, "Resource": "*", "Condition": {"StringEquals": {"ResourceType": used}}},
            {**protected, "Resource": [f"LogicalResourceId/{root.title(service)}" for service in holders]},
        ]
    }


def _template(service: str, document: dict[str, Any], data: bytes) -> contract.Template:
    return contract.Template(
        service=service,
        path=f"{service}.json",
        sha256=digest(data),
        size=len(data),
        resources=len(document.get("Resources", {})),
        parameters=len(document.get("Parameters", {})),
        outputs=len(document.get("Outputs", {})),
    )


def _joins(built: AnyBuilt) -> tuple[contract.Join, ...]:
    consumers: dict[str, list[str]] = {}
    for service in built.services:
        for name in built.templates[service].get("Parameters", {}):
            consumers.setdefault(name, []).append(service)
    return tuple(
        contract.Join(name=name, producer=producer, consumers=tuple(consumers.get(name, ())))
        for name, producer in sorted(built.joins.items())
    )


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
