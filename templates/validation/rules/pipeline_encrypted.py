"""A pipeline's artifacts are encrypted with a customer managed key."""

from __future__ import annotations

from collections.abc import Iterator

from templates.validation.rules.rule import Rule, Violation
from templates.validation.view import View, own_key


def check(view: View) -> Iterator[Violation]:
    for flat_id, pipeline in view.of_type("AWS::CodePipeline::Pipeline"):
        by_region = [store.get("ArtifactStore", {}) for store in pipeline.get("ArtifactStores", [])]
        stores = by_region if by_region else [pipeline.get("ArtifactStore", {})]
        keys = [store.get("EncryptionKey", {}) for store in stores]
        if not all(key.get("Type") == "KMS" and own_key(key.get("Id")) for key in keys):
            yield Violation(flat_id, "has an artifact store without a customer managed key", "ArtifactStore")


RULE = Rule(
    id="TAP062",
    title="A pipeline's artifacts are encrypted with a customer managed key",
    reason="Artifacts hold everything that is about to be deployed",
    source="https://docs.aws.amazon.com/codepipeline/latest/userguide/S3-artifact-encryption.html",
    check=check,
)
