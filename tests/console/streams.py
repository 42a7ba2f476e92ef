"""Events as AWS has them, for tests that fold and show them.

Reasons and statuses are those of AWS's documents and of reports that quote a stack's events whole:

- a nested create that fails: AWS ParallelCluster user guide, "Troubleshooting ... Cluster creation failed"; the vCPU limit in the
  nested stack, the parents' summaries
- a sibling that is cancelled: wiki of aws/aws-parallelcluster, "Cluster creation fails in China regions when using AWS Batch"
- an update that fails and cannot be put back: CloudFormation user guide, "Monitor the progress of a stack update", "Continue rolling
  back an update"
- an update that fails within four milliseconds: recorded from the local AWS, whose clock has no finer steps
- the alarm: the words of the local AWS; those of AWS are in no document (docs/not-verified-on-aws.md)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deploy.model import NESTED, Event

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TOKEN = "plan-3f2a"

VCPU = (
    "You have requested more vCPU capacity than your current vCPU limit of 0 allows for the instance bucket that the specified instance type "
    "belongs to. (Service: AmazonEC2; Status Code: 400; Error Code: VcpuLimitExceeded; Request ID: a9876543-b321-c765-d432-dcba98766789)"
)
EMBEDDED = "Embedded stack arn:aws:cloudformation:us-east-1:123456789012:stack/tap-dev-app-{0}-ABC/a1234567 was not successfully {1}: {2}"

Line = tuple[float, str, str, str, str]
"""Seconds, path, type (empty: a stack), status, reason."""


def events(*lines: Line, token: str = TOKEN) -> list[Event]:
    """One event a line; ids say the line, so that they are unique."""
    return [
        Event(
            id=f"{index}-{path.rsplit('/', 1)[-1]}-{status}",
            at=START + timedelta(seconds=seconds),
            path=tuple(path.split("/")) if path else (),
            type=kind or NESTED,
            status=status,
            reason=reason,
            physical_id=f"id-of-{path or 'root'}",
            token=token,
        )
        for index, (seconds, path, kind, status, reason) in enumerate(lines)
    ]


INSTANCE, QUEUE, FUNCTION, TABLE = "AWS::EC2::Instance", "AWS::Batch::JobQueue", "AWS::Lambda::Function", "AWS::DynamoDB::Table"
FAILED_TO_CREATE = "The following resource(s) failed to create: [{}]. "

NESTED_CREATE_FAILS = events(
    (0, "", "", "CREATE_IN_PROGRESS", "User Initiated"),
    (1, "Compute", "", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
    (1.5, "Compute", "", "CREATE_IN_PROGRESS", ""),
    (1, "Data", "", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
    (2, "Data/Items", TABLE, "CREATE_IN_PROGRESS", ""),
    (3, "Compute/Server", INSTANCE, "CREATE_IN_PROGRESS", ""),
    (3, "Compute/Jobs", QUEUE, "CREATE_IN_PROGRESS", ""),
    (9, "Compute/Server", INSTANCE, "CREATE_FAILED", VCPU),
    (9.2, "Compute/Jobs", QUEUE, "CREATE_FAILED", "Resource creation cancelled"),
    (9.5, "Compute", "", "ROLLBACK_IN_PROGRESS", FAILED_TO_CREATE.format("Server, Jobs") + "Rollback requested by user."),
    (10, "Compute", "", "CREATE_FAILED", EMBEDDED.format("Compute", "created", FAILED_TO_CREATE.format("Server, Jobs"))),
    (10.1, "Data/Items", TABLE, "CREATE_FAILED", "Resource creation cancelled"),
    (10.2, "Data", "", "CREATE_FAILED", "Resource creation cancelled"),
    (10.5, "", "", "ROLLBACK_IN_PROGRESS", FAILED_TO_CREATE.format("Compute, Data") + "Rollback requested by user."),
    (12, "Compute", "", "DELETE_COMPLETE", ""),
    (13, "Data", "", "DELETE_COMPLETE", ""),
    (14, "", "", "ROLLBACK_COMPLETE", ""),
)

ROLLBACK_FAILS = events(
    (0, "", "", "UPDATE_IN_PROGRESS", "User Initiated"),
    (1, "Data", "", "UPDATE_IN_PROGRESS", ""),
    (2, "Data/Items", TABLE, "UPDATE_IN_PROGRESS", ""),
    (3, "Data/Items", TABLE, "UPDATE_COMPLETE", ""),
    (4, "Data", "", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
    (4.2, "Data", "", "UPDATE_COMPLETE", ""),
    (5, "Compute", "", "UPDATE_IN_PROGRESS", ""),
    (6, "Compute/Api", FUNCTION, "UPDATE_IN_PROGRESS", ""),
    (7, "Compute/Api", FUNCTION, "UPDATE_FAILED", "The runtime parameter of nodejs10.x is no longer supported for creating or updating"),
    (8, "Compute", "", "UPDATE_FAILED", EMBEDDED.format("Compute", "updated", "The following resource(s) failed to update: [Api].")),
    (9, "", "", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Compute]. "),
    (10, "Data", "", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
    (11, "Data/Items", TABLE, "UPDATE_IN_PROGRESS", ""),
    (12, "Data/Items", TABLE, "UPDATE_FAILED", "Table: tap-dev-items not found"),
    (13, "Data", "", "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Items]. "),
    (14, "Data", "", "UPDATE_FAILED", EMBEDDED.format("Data", "updated", "The following resource(s) failed to update: [Items].")),
    (15, "", "", "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Data]. "),
)

ALARM = "Rollback was triggered: alarm arn:aws:cloudwatch:us-east-1:123456789012:alarm:tap-dev-gate is in ALARM"
ALARM_FIRES = events(
    (0, "", "", "UPDATE_IN_PROGRESS", "User Initiated"),
    (1, "Compute", "", "UPDATE_IN_PROGRESS", ""),
    (2, "Compute/Api", FUNCTION, "UPDATE_IN_PROGRESS", ""),
    (3, "Compute/Api", FUNCTION, "UPDATE_COMPLETE", ""),
    (4, "Compute", "", "UPDATE_COMPLETE", ""),
    (30, "", "", "UPDATE_ROLLBACK_IN_PROGRESS", ALARM),
    (31, "Compute", "", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
    (32, "Compute/Api", FUNCTION, "UPDATE_IN_PROGRESS", ""),
    (33, "Compute/Api", FUNCTION, "UPDATE_COMPLETE", ""),
    (34, "Compute", "", "UPDATE_ROLLBACK_COMPLETE", ""),
    (35, "", "", "UPDATE_ROLLBACK_COMPLETE", ""),
)

GOOD_UPDATE = events(
    (0, "", "", "UPDATE_IN_PROGRESS", "User Initiated"),
    (1, "Compute", "", "UPDATE_IN_PROGRESS", ""),
    (
        2,
        "Compute/Api",
        FUNCTION,
        "UPDATE_IN_PROGRESS",
        "Requested update requires the creation of a new physical resource; hence creating one.",
    ),
    (6, "Compute/Api", FUNCTION, "UPDATE_COMPLETE", ""),
    (7, "Compute", "", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
    (7.5, "Compute", "", "UPDATE_COMPLETE", ""),
    (8, "", "", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
    (9, "Compute/Api", FUNCTION, "DELETE_IN_PROGRESS", ""),
    (10, "Compute/Api", FUNCTION, "DELETE_FAILED", "The function is in use by another resource"),
    (11, "Compute", "", "UPDATE_COMPLETE", ""),
    (12, "", "", "UPDATE_COMPLETE", ""),
)

TAKEN_AWAY = events(
    (0, "", "", "CREATE_IN_PROGRESS", "User Initiated"),
    (1, "Bucket", "AWS::S3::Bucket", "CREATE_IN_PROGRESS", ""),
    (2, "Bucket", "AWS::S3::Bucket", "CREATE_FAILED", "tap-dev-data already exists"),
    (3, "", "", "DELETE_IN_PROGRESS", "The following resource(s) failed to create: [Bucket]. . Delete requested by user."),
    (4, "Bucket", "AWS::S3::Bucket", "DELETE_COMPLETE", ""),
    (5, "", "", "DELETE_COMPLETE", ""),
)

VISIBILITY = "Invalid value for the parameter VisibilityTimeout. Value must be between 0 and 43200."
AT_ONCE = events(
    (0.096, "", "", "UPDATE_IN_PROGRESS", "User Initiated"),
    (0.098, "S", "", "UPDATE_IN_PROGRESS", ""),
    (0.098, "S", "", "UPDATE_IN_PROGRESS", ""),
    (0.099, "S", "", "UPDATE_FAILED", EMBEDDED.format("S", "updated", "The following resource(s) failed to update: [Q]. ")),
    (0.099, "S", "", "UPDATE_FAILED", "The following resource(s) failed to update: [Q]. "),
    (0.099, "S/Q", "AWS::SQS::Queue", "UPDATE_FAILED", VISIBILITY),
    (0.099, "S/Q", "AWS::SQS::Queue", "UPDATE_IN_PROGRESS", ""),
    (0.099, "S/V", "AWS::SSM::Parameter", "UPDATE_COMPLETE", ""),
    (0.099, "S/V", "AWS::SSM::Parameter", "UPDATE_IN_PROGRESS", ""),
    (0.1, "", "", "UPDATE_ROLLBACK_COMPLETE", ""),
    (0.1, "", "", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ""),
    (0.1, "", "", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [S]. "),
    (0.1, "S", "", "UPDATE_COMPLETE", ""),
    (0.1, "S", "", "UPDATE_IN_PROGRESS", ""),
    (0.1, "S", "", "UPDATE_ROLLBACK_COMPLETE", ""),
    (0.1, "S", "", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ""),
    (0.1, "S", "", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
    (0.1, "S/Q", "AWS::SQS::Queue", "UPDATE_COMPLETE", ""),
    (0.1, "S/Q", "AWS::SQS::Queue", "UPDATE_IN_PROGRESS", ""),
    (0.1, "S/V", "AWS::SSM::Parameter", "UPDATE_COMPLETE", ""),
    (0.1, "S/V", "AWS::SSM::Parameter", "UPDATE_IN_PROGRESS", ""),
)

CANCELLED = [
    *events(
        (0, "", "", "UPDATE_IN_PROGRESS", "User Initiated"),
        (1, "Compute/Api", FUNCTION, "UPDATE_IN_PROGRESS", ""),
    ),
    *events(
        (5, "", "", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
        (5.1, "Compute/Api", FUNCTION, "UPDATE_FAILED", "Resource update cancelled"),
        (9, "", "", "UPDATE_ROLLBACK_COMPLETE", ""),
        token="cancel-of-plan-3f2a",
    ),
]

ALL = {
    "nested create fails": NESTED_CREATE_FAILS,
    "rollback fails": ROLLBACK_FAILS,
    "alarm fires": ALARM_FIRES,
    "good update": GOOD_UPDATE,
    "cancelled": CANCELLED,
    "all at once": AT_ONCE,
    "taken away": TAKEN_AWAY,
}
EXPECTED: dict[tuple[str, ...], int] = {("Compute",): 3, ("Data",): 1, ("Api",): 4}
