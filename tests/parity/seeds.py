"""Differences as somebody writes them in Python: a builder that does one thing otherwise in one environment, by its name or place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from deploy.parity.form import MANIFEST
from env.model import Environment
from templates.reading import Copy

Document = dict[str, Any]
Edit = Callable[[Document], None]
When = Callable[[Environment], bool]


@dataclass(frozen=True, kw_only=True)
class Seed:
    """``service``: whose template is edited; ``at``: the path of the finding below it; ``when``: in which environment; ``beside``: the
    environment that it must be compared with to be seen, where its own is not enough.
    """

    service: str
    at: str
    edit: Edit
    when: When = lambda env: env.name == "prod"
    because: str = "name"
    environment: str = "prod"
    beside: str = ""


def seeded(make: Callable[[Environment], Copy], seed: Seed) -> Callable[[Environment], Copy]:
    """The builder with that one difference."""

    def build(env: Environment) -> Copy:
        made = make(env)
        if not seed.when(env):
            return made
        document = copy.deepcopy(made.documents[seed.service])
        seed.edit(document)
        return replace(made, documents={**made.documents, seed.service: document})

    return build


def properties(logical_id: str, **values: Any) -> Edit:
    """Set properties; None takes one away."""

    def edit(document: Document) -> None:
        own = document["Resources"][logical_id]["Properties"]
        for name, value in values.items():
            if value is None:
                del own[name]
            else:
                own[name] = value

    return edit


def attribute(logical_id: str, **values: Any) -> Edit:
    def edit(document: Document) -> None:
        document["Resources"][logical_id].update(values)

    return edit


def added(logical_id: str, kind: str, **values: Any) -> Edit:
    return lambda document: document["Resources"].update({logical_id: {"Type": kind, "Properties": values}})


def removed(logical_id: str, section: str = "Resources") -> Edit:
    return lambda document: document[section].pop(logical_id) and None


def inside(change: Callable[[Any], Any], *path: str | int) -> Edit:
    """Change what a path leads to, in place."""

    def edit(document: Document) -> None:
        value: Any = document
        for part in path:
            value = value[part]
        change(value)

    return edit


def statements(logical_id: str, name: str = "PolicyDocument", service: str = "Resources") -> tuple[str, ...]:
    return (service, logical_id, "Properties", name, "Statement")


API = ("Resources", "ApiFunction", "Properties")
STACK: tuple[str | int, ...] = ("stacks", 1)

SEEDS: dict[str, Seed] = {
    "another alarm threshold": Seed(
        service="monitoring", at="Resources/ApiErrorsAlarm/Properties/Threshold", edit=properties("ApiErrorsAlarm", Threshold=500)
    ),
    "an alarm that tells nobody": Seed(
        service="monitoring", at="Resources/DeadLettersAlarm/Properties/AlarmActions", edit=properties("DeadLettersAlarm", AlarmActions=[])
    ),
    "an alarm that is off": Seed(
        service="monitoring", at="Resources/QueueAgeAlarm/Properties/ActionsEnabled", edit=properties("QueueAgeAlarm", ActionsEnabled=False)
    ),
    "one more IAM action": Seed(
        service="compute",
        at="Resources/ApiRolePolicy/Properties/PolicyDocument/Statement",
        edit=inside(lambda found: found[0]["Action"].append("dynamodb:DeleteTable"), *statements("ApiRolePolicy")),
    ),
    "a statement that is missing": Seed(
        service="storage",
        at="Resources/DataBucketPolicy/Properties/PolicyDocument/Statement",
        edit=inside(lambda found: found.pop(0), *statements("DataBucketPolicy")),
    ),
    "a statement without its condition": Seed(
        service="keys",
        at="Resources/DataKey/Properties/KeyPolicy/Statement",
        edit=inside(lambda found: next(one for one in found if "Condition" in one).pop("Condition"), *statements("DataKey", "KeyPolicy")),
    ),
    "a role without its boundary": Seed(
        service="compute", at="Resources/ApiRole/Properties/PermissionsBoundary", edit=properties("ApiRole", PermissionsBoundary=None)
    ),
    "a tag key that is missing": Seed(
        service="storage",
        at="Resources/DataBucket/Properties/Tags/Owner",
        edit=inside(
            lambda tags: tags.remove(next(tag for tag in tags if tag["Key"] == "Owner")), "Resources", "DataBucket", "Properties", "Tags"
        ),
    ),
    "another type": Seed(service="data", at="Resources/Items/Type", edit=attribute("Items", Type="AWS::DynamoDB::Table")),
    "one more resource": Seed(
        service="messaging", at="Resources/SpareQueue", edit=added("SpareQueue", "AWS::SQS::Queue", QueueName="tap-spare-prod")
    ),
    "a resource that is missing": Seed(service="network", at="Resources/FlowLog", edit=removed("FlowLog")),
    "an output that is missing": Seed(service="storage", at="Outputs/LogBucketArn", edit=removed("LogBucketArn", "Outputs")),
    "another description of an output": Seed(
        service="storage",
        at="Outputs/DataBucketArn/Description",
        edit=inside(lambda found: found.update(Description="of prod"), "Outputs", "DataBucketArn"),
    ),
    "another deletion policy": Seed(service="data", at="Resources/Items/DeletionPolicy", edit=attribute("Items", DeletionPolicy="Delete")),
    "another update-replace policy": Seed(
        service="storage", at="Resources/DataBucket/UpdateReplacePolicy", edit=attribute("DataBucket", UpdateReplacePolicy="Delete")
    ),
    "another runtime": Seed(
        service="compute", at="Resources/ApiFunction/Properties/Runtime", edit=properties("ApiFunction", Runtime="python3.12")
    ),
    "another timeout": Seed(
        service="compute", at="Resources/WorkerFunction/Properties/Timeout", edit=properties("WorkerFunction", Timeout=31)
    ),
    "one more environment variable": Seed(
        service="compute",
        at="Resources/ApiFunction/Properties/Environment/Variables/DEBUG",
        edit=inside(lambda found: found.update(DEBUG="1"), *API, "Environment", "Variables"),
    ),
    "a function without a dead-letter target": Seed(
        service="compute", at="Resources/ApiFunction/Properties/DeadLetterConfig", edit=properties("ApiFunction", DeadLetterConfig=None)
    ),
    "a log retention that comes from no field": Seed(
        service="compute", at="Resources/ApiLogGroup/Properties/RetentionInDays", edit=properties("ApiLogGroup", RetentionInDays=1827)
    ),
    "a bucket without encryption": Seed(
        service="storage", at="Resources/DataBucket/Properties/BucketEncryption", edit=properties("DataBucket", BucketEncryption=None)
    ),
    "a bucket open to the public": Seed(
        service="storage",
        at="Resources/DataBucket/Properties/PublicAccessBlockConfiguration",
        edit=inside(
            lambda found: found.update(BlockPublicAcls=False), "Resources", "DataBucket", "Properties", "PublicAccessBlockConfiguration"
        ),
    ),
    "a queue without redrive": Seed(
        service="messaging", at="Resources/JobsQueue/Properties/RedrivePolicy", edit=properties("JobsQueue", RedrivePolicy=None)
    ),
    "a method without authorization": Seed(
        service="api", at="Resources/PostItem/Properties/AuthorizationType", edit=properties("PostItem", AuthorizationType="NONE")
    ),
    "a web ACL with one rule less": Seed(
        service="api",
        at="Resources/WebAcl/Properties/Rules",
        edit=inside(lambda found: found.pop(0), "Resources", "WebAcl", "Properties", "Rules"),
    ),
    "a resource under a condition": Seed(
        service="drift", at="Resources/Schedule/Condition", edit=attribute("Schedule", Condition="InProduction")
    ),
    "another condition": Seed(
        service="drift",
        at="Conditions/InProduction",
        edit=lambda document: document.update(Conditions={"InProduction": {"Fn::Equals": ["a", "b"]}}),
    ),
    "nothing to wait for": Seed(
        service="compute",
        at="Resources/ApiFunction/DependsOn",
        edit=lambda document: document["Resources"]["ApiFunction"].pop("DependsOn") and None,
    ),
    "other metadata": Seed(service="data", at="Resources/Items/Metadata", edit=attribute("Items", Metadata={"owner": "ops"})),
    "another pattern of a name": Seed(
        service="messaging", at="Resources/JobsQueue/Properties/QueueName", edit=properties("JobsQueue", QueueName="prod-tap-jobs")
    ),
    "a parameter of another type": Seed(
        service="compute",
        at="Parameters/TableName/Type",
        edit=inside(lambda found: found.update(Type="CommaDelimitedList"), "Parameters", "TableName"),
    ),
    "a nested stack that waits": Seed(service="root", at="Resources/Data/DependsOn", edit=attribute("Data", DependsOn="Keys")),
    "another stack policy": Seed(
        service=MANIFEST,
        at="stacks/tap-app-prod/policy/Statement",
        edit=inside(lambda found: found.pop(), *STACK, "policy", "Statement"),
    ),
    "a rollback trigger that is missing": Seed(
        service=MANIFEST,
        at="stacks/tap-app-prod/guard/triggers/tap-release-prod",
        edit=inside(lambda found: found.pop(), *STACK, "guard", "triggers"),
    ),
    "another capability": Seed(
        service=MANIFEST,
        at="stacks/tap-app-prod/capabilities",
        edit=inside(lambda found: found.append("CAPABILITY_AUTO_EXPAND"), *STACK, "capabilities"),
    ),
    "a check that is missing": Seed(service=MANIFEST, at="checks", edit=inside(lambda found: found.pop(), "checks")),
    "other code of a function": Seed(
        service=MANIFEST, at="assets/api/sha256", edit=inside(lambda found: found[0].update(sha256="0" * 64), "assets")
    ),
    "a role of another name": Seed(service=MANIFEST, at="roles/deploy", edit=inside(lambda found: found.update(deploy="admin"), "roles")),
    "a deployment role that may do more": Seed(
        service="bootstrap",
        at="Resources/DeployPolicy/Properties/PolicyDocument/Statement/Run/Action",
        edit=inside(
            lambda found: next(one for one in found if one["Sid"] == "Run")["Action"].append("cloudformation:CreateStack"),
            *statements("DeployPolicy"),
        ),
    ),
    "by the account": Seed(
        service="compute",
        at="Resources/ApiFunction/Properties/Timeout",
        edit=properties("ApiFunction", Timeout=29),
        when=lambda env: env.account == "333333333333",
        because="account",
    ),
    "by the region": Seed(
        service="compute",
        at="Resources/ApiFunction/Properties/Timeout",
        edit=properties("ApiFunction", Timeout=29),
        when=lambda env: env.region == "us-east-2",
        because="region",
        environment="staging",
    ),
    "by an address block": Seed(
        service="network",
        at="Resources/FlowLog/Properties/TrafficType",
        edit=properties("FlowLog", TrafficType="REJECT"),
        when=lambda env: env.network.cidr.startswith("10.30."),
        because="network.cidr",
    ),
    "by the name and a value together": Seed(
        service="compute",
        at="Resources/ApiFunction/Properties/Timeout",
        edit=properties("ApiFunction", Timeout=29),
        when=lambda env: env.name == "prod" and env.functions.memory > 1024,
    ),
    "by the length of the name": Seed(
        service="compute",
        at="Resources/ApiFunction/Properties/Timeout",
        edit=properties("ApiFunction", Timeout=29),
        when=lambda env: len(env.name) > 3,
        because="",
        beside="dev",
    ),
    "in every environment but one": Seed(
        service="compute",
        at="Resources/ApiFunction/Properties/Timeout",
        edit=properties("ApiFunction", Timeout=29),
        when=lambda env: env.name != "dev",
        environment="dev",
    ),
    "in the reference itself": Seed(
        service="compute",
        at="Resources/ApiFunction/Properties/TracingConfig/Mode",
        edit=properties("ApiFunction", TracingConfig={"Mode": "PassThrough"}),
        when=lambda env: env.name == "dev",
        environment="dev",
    ),
}
