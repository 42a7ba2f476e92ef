"""Keys."""

from __future__ import annotations

from tests.validation.defects import drop, put, statement
from tests.validation.rule_cases.case import OF_ACCOUNT, OWN_ROOT, STRANGER, Case, allowing, one

KEY = "AWS::KMS::Key"
FIRST = "KeyPolicy.Statement.0"
ROLES = {"ArnLike": {"aws:PrincipalArn": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/tap-api-dev"}}}
CONTEXT = {"kms:EncryptionContext:aws:logs:arn": {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:x"}}
LOGS = {"Service": {"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"}}
CALLER = {"StringEquals": {"kms:CallerAccount": {"Ref": "AWS::AccountId"}}}
MEMBERS = {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1"}}
MEMBERS_VIA_S3 = {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorg1", "kms:ViaService": "s3.us-east-1.amazonaws.com"}}
CASES = (
    Case(
        rule="TAP018",
        good=allowing(KEY, "KeyPolicy", Principal=LOGS, Action="kms:Encrypt", Condition={**OF_ACCOUNT, "ArnLike": CONTEXT}),
        bad={
            "any log group": ("It", drop(f"{FIRST}.Condition.ArnLike")),
            "log groups of any account": (
                "It",
                put(f"{FIRST}.Condition.ArnLike", {"kms:EncryptionContext:aws:logs:arn": "arn:*:logs:*:*:log-group:*"}),
            ),
        },
    ),
    Case(
        rule="TAP030",
        good=one(KEY, EnableKeyRotation=True, PendingWindowInDays=30),
        bad={
            "no rotation": ("It", drop("EnableKeyRotation")),
            "a week": ("It", put("PendingWindowInDays", 7)),
        },
    ),
    Case(
        rule="TAP031",
        good=allowing(KEY, "KeyPolicy", Principal=OWN_ROOT, Action=["kms:PutKeyPolicy"], Resource="*"),
        bad={
            "nobody": ("It", put(f"{FIRST}.Action", ["kms:DescribeKey"])),
            "under a condition": ("It", put(f"{FIRST}.Condition", CALLER)),
            "one role alone": ("It", put(f"{FIRST}.Principal", {"AWS": "arn:x:iam::x:role/r"})),
            "another account": ("It", put(f"{FIRST}.Principal", STRANGER)),
            "denied to everybody": ("It", statement("KeyPolicy", Effect="Deny", Principal="*", Action="kms:*")),
        },
        also={"the account's id": allowing(KEY, "KeyPolicy", Principal={"AWS": {"Ref": "AWS::AccountId"}}, Action="kms:PutKeyPolicy")},
    ),
    Case(
        rule="TAP067",
        good=allowing(KEY, "KeyPolicy", Principal=OWN_ROOT, Action=["kms:Decrypt"], Condition=ROLES),
        bad={
            "every identity of the account": ("It", drop(f"{FIRST}.Condition")),
            "grants": ("It", statement("KeyPolicy", Principal=OWN_ROOT, Action="kms:CreateGrant")),
            "the account's id": ("It", statement("KeyPolicy", Principal={"AWS": {"Ref": "AWS::AccountId"}}, Action="kms:Decrypt")),
            "everybody of the account": ("It", statement("KeyPolicy", Principal="*", Action="kms:Decrypt", Condition=CALLER)),
            "an organization, by itself": ("It", statement("KeyPolicy", Principal="*", Action="kms:Decrypt", Condition=MEMBERS)),
            "an organization that writes": (
                "It",
                statement("KeyPolicy", Principal="*", Action="kms:GenerateDataKey", Condition=MEMBERS_VIA_S3),
            ),
        },
        also={
            "an organization reads through one service": allowing(
                KEY, "KeyPolicy", Principal="*", Action=["kms:Decrypt"], Condition=MEMBERS_VIA_S3
            )
        },
    ),
)
