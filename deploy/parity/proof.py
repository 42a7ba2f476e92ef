"""The proof of parity that `generate.py` writes as ``build/parity.json``: what differs between the environments, and which field it comes from.

It belongs to the manifests whose digests it carries, and speaks of no others.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from deploy.noun import Noun, decoded

VERSION = 1
FILE = "parity.json"

Kind = Literal["identity", "field", "unexplained", "deployed"]


class Finding(Noun, frozen=True, kw_only=True):
    """A difference that no field of the environment file explains.

    ``identity``: ``environment`` has it for what it is called or where it is, not for its values; ``field``: a field that may not vary
    has another value; ``unexplained``: two environments differ where the proof has no field for it; ``deployed``: it runs otherwise than its
    release says. ``path``: ``compute/Resources/...``;
    ``has``: what ``environment`` has there; ``expected``: what its values alone would give, or what ``other`` has; both as JSON,
    None for nothing. ``origin``: the builder's line; ``place``: the line of the environment file; ``because``: what it hangs on.
    """

    kind: Kind
    environment: str
    other: str
    path: str
    has: str | None
    expected: str | None
    origin: str = ""
    place: str = ""
    because: str = ""


class Field(Noun, frozen=True, kw_only=True):
    """An allowed difference from the reference. ``field``: dotted path, several with " + " where one alone cannot be built;
    ``before``: the reference's value, ``after``: the environment's; ``parts``: what of the templates and the manifest comes from it.
    """

    field: str
    place: str
    before: Any
    after: Any
    parts: tuple[str, ...]


class Text(Noun, frozen=True, kw_only=True):
    """A text of the environment's own that is carried into ``uses`` leaves, word for word, and decides nothing."""

    field: str
    place: str
    value: str
    uses: Annotated[int, Meta(ge=0)]


class Proven(Noun, frozen=True, kw_only=True):
    """One environment. ``corrections``: path -> the leaf where a text of the environment's own is also a word of the templates;
    ``renamed``: a resource -> the logical id that its values alone would give it; ``kept``: fields for whose text there is no other of
    its shape, so that what hangs on it was not looked for.
    """

    environment: str
    manifest: Annotated[str, Meta(description="SHA-256 of its manifest")]
    texts: tuple[Text, ...]
    fields: tuple[Field, ...]
    corrections: dict[str, str | None]
    renamed: dict[str, str]
    kept: tuple[str, ...] = ()


class Proof(Noun, frozen=True, kw_only=True):
    """``reference``: the environment that the fields of all others are told from."""

    version: int
    reference: str
    environments: tuple[Proven, ...]
    findings: tuple[Finding, ...]

    def of(self, environment: str) -> Proven | None:
        return next((one for one in self.environments if one.environment == environment), None)


def encode(proof: Proof) -> bytes:
    return msgspec.json.format(msgspec.json.encode(proof, order="sorted"), indent=1) + b"\n"


def decode(data: bytes) -> Proof:
    """Raises ``msgspec.DecodeError`` where the text is no proof of this version."""
    proof = decoded(data, Proof)
    if proof.version != VERSION:
        raise msgspec.ValidationError(f"parity version {proof.version}; this deployer reads {VERSION}")
    return proof
