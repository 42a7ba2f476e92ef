"""What an environment is: a tree of frozen values, and which of them may differ between environments.

Every limit stands here once. The loader refuses what breaks it, `env/schema.json` shows it to editors, and the
templates are built from nothing else. Fields marked ``VARIES`` may stand in an environment's own file; all others
stand in `defaults.yaml` alone and are therefore the same everywhere by construction.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from env.base import UUID_PATTERN, VARIES, Account, Cidr, Days, Name, Region, RetentionDays, TagText, Text, Value
from env.checks import Check
from env.promotion import Promotion
from env.stacksets import StackSet


class Network(Value, frozen=True, kw_only=True):
    """Address blocks over three zones; how private subnets reach AWS."""

    cidr: Annotated[Cidr, VARIES]
    public: Annotated[tuple[Cidr, Cidr, Cidr], VARIES]
    private: Annotated[tuple[Cidr, Cidr, Cidr], VARIES]
    nat_gateways: Annotated[Literal[0, 1, 3], Meta(description="0: interface endpoints instead; 1: shared; 3: one a zone"), VARIES]


class Functions(Value, frozen=True, kw_only=True):
    """Settings of every Lambda function (`lambda` in the files)."""

    memory: Annotated[int, Meta(ge=128, le=10240, description="MB"), VARIES]
    reserved_concurrency: Annotated[int, Meta(ge=1, le=1000), VARIES]
    runtime: Annotated[str, Meta(pattern=r"^python3\.[0-9]+$", description="a Lambda runtime, such as python3.14")]
    architecture: Literal["arm64", "x86_64"]
    api_timeout: Annotated[int, Meta(ge=1, le=29, description="seconds; API Gateway itself waits 29")]
    worker_timeout: Annotated[int, Meta(ge=1, le=900, description="seconds")]
    drift_timeout: Annotated[int, Meta(ge=60, le=900, description="seconds")]
    log_level: Literal["DEBUG", "INFO", "WARN", "ERROR"]


class Logs(Value, frozen=True, kw_only=True):
    retention_days: Annotated[RetentionDays, VARIES]


class Versions(Value, frozen=True, kw_only=True):
    """What becomes of replaced versions and of uploads that were never completed, in every bucket."""

    noncurrent_transition_days: Annotated[int, Meta(ge=1, le=365, description="transition_days for a replaced version")]
    noncurrent_days: Annotated[int, Meta(ge=1, le=3650, description="days that a replaced version is kept")]
    incomplete_upload_days: Annotated[int, Meta(ge=1, le=365)]


class Storage(Versions, frozen=True, kw_only=True):
    """Object lifecycle. S3 refuses an expiry that is not later than the transition (PutBucketLifecycleConfiguration)."""

    expiry_days: Annotated[Days | None, Meta(description="days until an object expires; null: never"), VARIES]
    transition_days: Annotated[
        Annotated[int, Meta(ge=1, le=365)] | None, Meta(description="days until Intelligent-Tiering; null: never"), VARIES
    ]


class Table(Value, frozen=True, kw_only=True):
    point_in_time_recovery: Annotated[bool, VARIES]
    recovery_days: Annotated[int, Meta(ge=1, le=35, description="days that point-in-time recovery reaches back")]
    deletion_protection: Annotated[bool, VARIES]


class Queue(Value, frozen=True, kw_only=True):
    retention_days: Annotated[int, Meta(ge=1, le=14), VARIES]
    max_receive_count: Annotated[int, Meta(ge=1, le=1000, description="deliveries before the dead-letter queue"), VARIES]
    maximum_concurrency: Annotated[int, Meta(ge=2, le=1000, description="workers at one time"), VARIES]
    batch_size: Annotated[int, Meta(ge=1, le=10)]
    customer_managed_key: Annotated[bool, Meta(description="false: the key that SQS manages"), VARIES]


class Api(Value, frozen=True, kw_only=True):
    throttle_rate: Annotated[int, Meta(ge=1, le=10000, description="requests a second"), VARIES]
    throttle_burst: Annotated[int, Meta(ge=1, le=5000, description="requests at one moment"), VARIES]
    waf: Annotated[bool, Meta(description="a web ACL with AWS's managed rules, and its log"), VARIES]
    waf_rate_limit: Annotated[int, Meta(ge=10, le=2_000_000_000, description="requests of one address in five minutes")]
    authorization: Literal["AWS_IAM", "COGNITO_USER_POOLS"]
    user_pool: Annotated[
        Annotated[str, Meta(pattern="^[a-z0-9-]+_[0-9A-Za-z]+$")] | None,
        Meta(description="the id of a Cognito user pool, such as us-east-1_AbCdEf123"),
        VARIES,
    ]


class Alarms(Value, frozen=True, kw_only=True):
    """Thresholds, the same in every environment: what is an incident in prod must be seen in dev."""

    period_seconds: Literal[60, 300]
    evaluation_periods: Annotated[int, Meta(ge=1, le=60)]
    datapoints_to_alarm: Annotated[int, Meta(ge=1, le=60)]
    errors: Annotated[int, Meta(ge=1, description="failed invocations in a period")]
    error_rate_percent: Annotated[int, Meta(ge=1, le=100)]
    throttles: Annotated[int, Meta(ge=1)]
    api_latency_ms: Annotated[int, Meta(ge=1, description="p99 of the API's answers")]
    worker_latency_ms: Annotated[int, Meta(ge=1, description="p99 of the worker's batches")]
    server_errors: Annotated[int, Meta(ge=1, description="5XX answers in a period")]
    dead_letters: Annotated[int, Meta(ge=1)]
    queue_age_seconds: Annotated[int, Meta(ge=60)]


class Drift(Value, frozen=True, kw_only=True):
    every_hours: Annotated[int, Meta(ge=2, le=24)]


SettingText = Annotated[str, Meta(min_length=1, max_length=1024)]


class Setting(Value, frozen=True, kw_only=True):
    """One value of the runtime configuration (R25): operators change it in Parameter Store without a deployment."""

    type: Literal["text", "number", "switch", "list", "secret"]
    default: Annotated[SettingText | None, Meta(description="a text in quotes; a secret alone has none")] = None
    description: Text
    minimum: Annotated[int | None, Meta(description="of a number")] = None
    maximum: Annotated[int | None, Meta(description="of a number")] = None
    choices: Annotated[tuple[SettingText, ...], Meta(description="of a text, or of every item of a list")] = ()
    pattern: Annotated[str, Meta(description="of a text, or of every item of a list, as a whole")] = ""


SettingName = Annotated[
    str, Meta(pattern="^[a-z][a-z0-9-]{1,39}$", description="lower case letters, digits and hyphens, 2 to 40 characters")
]


class Runtime(Value, frozen=True, kw_only=True):
    """Runtime configuration: what the functions read, and for how long they keep it."""

    cache_seconds: Annotated[int, Meta(ge=1, le=3600)]
    settings: dict[SettingName, Setting]
    values: Annotated[
        dict[SettingName, SettingText], Meta(description="defaults of this environment, in the place of the settings' own"), VARIES
    ] = field(default_factory=dict)

    def default(self, name: str) -> str | None:
        """Of a setting in this environment."""
        return self.values.get(name, self.settings[name].default)


class Guard(Value, frozen=True, kw_only=True):
    """How a deployment is watched."""

    monitoring_minutes: Annotated[int, Meta(ge=0, le=180, description="CloudFormation can still roll back by itself for so long"), VARIES]


class DisasterRecovery(Value, frozen=True, kw_only=True):
    region: Region


class Trust(Value, frozen=True, kw_only=True):
    """Who in the tools account may assume an environment's deployment roles, beside the pipeline's builds.

    ``workflows``: GitHub's workflows of the pipeline's repository come as well, through roles of their own in the tools account.
    """

    roles: tuple[Annotated[str, Meta(pattern="^[A-Za-z0-9_+=,.@-]{1,64}$", description="a role's name in the tools account")], ...]
    external_id: Annotated[
        str, Meta(pattern="^[A-Za-z0-9_+=,.@:/-]{2,64}$", description="2 to 64 letters, digits and _ + = , . @ : / - (no secret)")
    ]
    organization: Annotated[str, Meta(pattern="^o-[a-z0-9]{10,32}$", description="the AWS organization's id")]
    workflows: bool = False


class Pipeline(Value, frozen=True, kw_only=True):
    """The pipeline of the tools account, which carries one branch of one repository through the environments."""

    connection: Annotated[str, Meta(pattern=UUID_PATTERN, description="the id of a connection of CodeConnections in the tools account")]
    repository: Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", description="a repository as owner/name")]
    branch: Annotated[str, Meta(pattern="^[A-Za-z0-9_./-]+$", description="a branch's name")]
    environments: Annotated[tuple[Name, ...], Meta(min_length=1, description="the way of a release, such as dev, staging, prod")]
    ignore: Annotated[
        tuple[Annotated[str, Meta(pattern="^[A-Za-z0-9_./*-]+$", description="a path, with * and **")], ...],
        Meta(max_length=8, description="a change of these files alone starts nothing"),
    ] = ()
    compute: Literal["BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE"] = "BUILD_GENERAL1_MEDIUM"
    image: Annotated[str, Meta(pattern="^aws/codebuild/[a-z0-9_.:-]+$", description="an image that AWS keeps for CodeBuild")]
    timeout_minutes: Annotated[int, Meta(ge=5, le=480, description="of one build")]
    artifact_days: Annotated[Days, Meta(description="days that a run's artifacts are kept")]
    email: Annotated[
        Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="an address")] | None,
        Meta(description="who is told of approvals and failures, beside the topic's other subscribers"),
    ] = None


class Tools(Value, frozen=True, kw_only=True):
    """The tools account (`tools.yaml`): the pipeline and the release builds live there, trust starts there."""

    account: Annotated[Account, VARIES]
    region: Annotated[Region, VARIES]
    trust: Annotated[Trust, VARIES]
    logs: Annotated[Logs, VARIES]
    guard: Annotated[Guard, VARIES]
    pipeline: Annotated[Pipeline, VARIES]


class AnyEnvironment(Value, frozen=True, kw_only=True):
    """What names, keys, roles and stacks are made from, in the service's environments and in the tools account alike.

    ``name`` comes from the file's name and ``tools`` from `tools.yaml`; both are set by the loader and stand in no
    environment's file.
    """

    name: Name
    tools: Tools
    account: Annotated[Account, VARIES]
    region: Annotated[Region, VARIES]
    disaster_recovery: Annotated[DisasterRecovery | None, VARIES]
    termination_protection: Annotated[bool, VARIES]
    production: Annotated[bool, Meta(description="true: the deployment may neither delete what could hold data nor end protection"), VARIES]
    project: Annotated[str, Meta(pattern="^[a-z][a-z0-9]{1,11}$", description="2 to 12 lower case letters and digits, first in every name")]
    owner: TagText
    cost_center: TagText
    logs: Logs
    storage: Versions
    guard: Guard
    checks: tuple[Check, ...]


class Environment(AnyEnvironment, frozen=True, kw_only=True):
    """Everything that one environment's templates are built from."""

    network: Network
    functions: Functions = field(name="lambda")
    storage: Storage
    table: Table
    queue: Queue
    api: Api
    alarms: Alarms
    drift: Drift
    runtime: Runtime
    promotion: Promotion
    pull_requests: Annotated[bool, Meta(description="true: a workflow of a pull request may plan here, and execute nothing"), VARIES]


class Stage(Value, frozen=True, kw_only=True):
    """Where one environment is, as the pipeline needs it."""

    name: Name
    account: Account
    region: Region
    pull_requests: bool


class ToolsEnvironment(AnyEnvironment, frozen=True, kw_only=True):
    """The tools account as an environment of its own: `tools.yaml` and what all environments share.

    ``stages``: the environments that the pipeline goes through, in its order. ``stack_sets`` by name (`stacksets.yaml`), and ``sources``: the
    environments of which some are copies.
    """

    pipeline: Pipeline
    stages: tuple[Stage, ...]
    stack_sets: dict[Name, StackSet] = field(default_factory=dict)
    sources: tuple[Environment, ...] = ()

    @property
    def code_regions(self) -> tuple[str, ...]:
        """Regions beside the own one in which instances may have functions, whose code Lambda reads in its own region."""
        copied = {region for one in self.stack_sets.values() if one.services for region in one.targets.regions}
        return tuple(sorted(copied - {self.region}))
