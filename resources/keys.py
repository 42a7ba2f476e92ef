"""Customer managed keys: rotated, kept for thirty days after deletion, open to named users alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import kms
from awacs.aws import BoolIfExists, Condition, Principal, Statement
from troposphere import Ref
from troposphere.kms import Alias, Key

from resources import statements
from resources.naming import name

if TYPE_CHECKING:
    from env.model import AnyEnvironment

# Everything that keeps the account able to manage its key, and nothing that reads data with it. Grants are not among it.
_ADMINISTRATION = [
    kms.CancelKeyDeletion,
    kms.CreateAlias,
    kms.DeleteAlias,
    kms.DescribeKey,
    kms.DisableKey,
    kms.DisableKeyRotation,
    kms.EnableKey,
    kms.EnableKeyRotation,
    kms.GetKeyPolicy,
    kms.GetKeyRotationStatus,
    kms.ListGrants,
    kms.ListKeyPolicies,
    kms.ListResourceTags,
    kms.PutKeyPolicy,
    kms.RevokeGrant,
    kms.ScheduleKeyDeletion,
    kms.TagResource,
    kms.UntagResource,
    kms.UpdateAlias,
    kms.UpdateKeyDescription,
]

USE = [kms.Decrypt, kms.DescribeKey, kms.Encrypt, kms.GenerateDataKey, kms.ReEncryptFrom, kms.ReEncryptTo]


def key_with_alias(env: AnyEnvironment, title: str, thing: str, description: str, users: list[Statement]) -> tuple[Key, Alias]:
    """A key whose policy names its users, and the alias that people and other regions know it by."""
    key = Key(
        title,
        Description=description,
        EnableKeyRotation=True,
        PendingWindowInDays=30,
        KeyPolicy=statements.document(_administration(), _deny_other_grants(), *users),
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
    )
    alias = Alias(f"{title}Alias", AliasName=f"alias/{name(env, thing, 'alias')}", TargetKeyId=Ref(key))
    return key, alias


def _administration() -> Statement:
    """Without it a key can lock its own account out (KMS refuses that only while PutKeyPolicy is called)."""
    return Statement(
        Sid="AccountAdministration",
        Effect="Allow",
        Principal=Principal("AWS", statements.global_arn("iam:root")),
        Action=_ADMINISTRATION,
        Resource=["*"],
    )


def _deny_other_grants() -> Statement:
    """A grant hands the key on past every policy: only AWS services may have one (Control Tower, CT.KMS.PR.3)."""
    neither = {"aws:PrincipalIsAWSService": "false", "kms:GrantIsForAWSResource": "false"}
    return Statement(
        Sid="DenyOtherGrants",
        Effect="Deny",
        Principal=Principal("*"),
        Action=[kms.CreateGrant],
        Resource=["*"],
        Condition=Condition(BoolIfExists(neither)),
    )
