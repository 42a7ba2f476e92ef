"""A difference written in Python is found, whatever it is about and whatever it hangs on; renaming and reordering are not."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import env
from deploy.parity.difference import compared
from deploy.parity.form import MANIFEST, form
from deploy.parity.judgement import Side, gate, unexplained
from deploy.parity.proof import Finding, Proof
from deploy.structure import KEYS, function
from env.model import Environment
from templates.reading import Builder, Copy
from tests.conftest import ENVIRONMENTS, ROOT
from tests.parity.conftest import Make
from tests.parity.seeds import SEEDS, Seed, seeded

Prove = Callable[..., Proof]


@pytest.mark.row("R08")
def test_the_environments_of_this_repository_hold_parity(make: Builder, proven: Prove) -> None:
    proof = proven(make)
    assert proof.reference == "dev"
    assert [one.environment for one in proof.environments] == list(ENVIRONMENTS)
    assert proof.findings == ()
    assert not any(one.kept or one.renamed for one in proof.environments)
    # The tools account is in the region of dev and of prod, whose text is no word of their own there.
    assert all(
        "-tools" in (leaf or "") or path == "manifest/tools/region" for one in proof.environments for path, leaf in one.corrections.items()
    )


@pytest.mark.row("R08")
def test_every_field_that_differs_is_named_with_its_place_and_with_what_comes_from_it(
    make: Builder, proven: Prove, platform: env.Platform
) -> None:
    fields = {field.field: field for field in proven(make, "dev", "prod").environments[1].fields}
    gateways = fields["network.nat_gateways"]
    line = next(number for number, text in enumerate((ROOT / "env" / "prod.yaml").read_text().splitlines(), 1) if "nat_gateways" in text)
    assert gateways.place.endswith(f"env/prod.yaml:{line}")
    assert (gateways.before, gateways.after) == (0, 3)
    assert {"network/Resources/NatGatewayA", "network/Resources/SqsEndpoint"} <= set(gateways.parts)
    assert "data/Resources/Items/Properties/Replicas/<disaster_recovery.region>" in fields["disaster_recovery"].parts
    assert "compute/Resources/ApiFunction/Properties/MemorySize" in fields["lambda.memory"].parts
    assert "manifest/stacks/tap-app-<name>/guard/monitoring_minutes" in fields["guard.monitoring_minutes"].parts


@pytest.mark.row("R08")
@pytest.mark.parametrize("name", SEEDS)
def test_a_difference_written_in_python_is_found(make: Builder, proven: Prove, name: str) -> None:
    seed = SEEDS[name]
    proof = proven(seeded(make, seed), seed.environment, *filter(None, [seed.beside]))
    finding = next((one for one in proof.findings if f"{seed.service}/{seed.at}" in one.path), None)
    assert finding, [one.path for one in proof.findings]
    assert {one.environment for one in proof.findings} == {seed.environment}
    assert finding.has != finding.expected
    assert re.fullmatch(r"(templates|resources)/[a-z_]+\.py:[1-9][0-9]*", finding.origin)
    assert (ROOT / finding.origin.partition(":")[0]).exists()
    assert re.search(r"env/(dev|staging|prod)\.yaml:[1-9][0-9]*$", finding.place)
    assert finding.because == seed.because


def test_there_are_as_many_seeds_as_were_asked_for() -> None:
    assert len(SEEDS) >= 25


def test_both_values_are_said_as_they_are(make: Builder, proven: Prove) -> None:
    found = proven(seeded(make, SEEDS["another alarm threshold"]), "dev", "prod").findings
    assert [(one.has, one.expected) for one in found] == [("500", "5")]


def test_a_build_that_works_under_its_own_name_alone_is_a_finding(make: Builder, proven: Prove) -> None:
    from templates.build import BuildError

    def picky(environment: Environment) -> Copy:
        if environment.name not in ENVIRONMENTS:
            raise BuildError(f"{environment.name} is not known")
        return make(environment)

    found = proven(picky, "dev", "prod").findings
    assert [(one.environment, one.path) for one in found] == [("dev", ""), ("prod", "")]
    assert "is not known" in (found[0].expected or "")


def test_a_field_that_may_not_vary_and_does_is_a_finding(make: Builder, proven: Prove, platform: env.Platform) -> None:
    """The loader allows none; who makes environments otherwise is told."""
    from templates.parity import prove

    dev, prod = (one for one in platform.environments if one.name != "staging")
    prod = msgspec.structs.replace(prod, owner="somebody-else")
    proof = prove([dev, prod], make, {one.name: make(one) for one in (dev, prod)}, platform.places, {})
    assert [(one.kind, one.path, one.has, one.expected) for one in proof.findings] == [
        ("field", "owner", '"somebody-else"', '"platform-team"')
    ]


def renamed(document: Any) -> None:
    text = json.dumps(document)
    document.update(json.loads(re.sub(r"\bJobsDeadLetterQueue\b", "OtherQueue", text)))
    for section in ("Resources",):
        document[section].pop("JobsDeadLetterQueue", None)


def reversed_lists(value: Any) -> Any:
    """Every list the other way round, but for arguments of functions, and every mapping too."""
    if isinstance(value, dict):
        if function(value):
            return value
        return {key: reversed_lists(item) for key, item in reversed(list(value.items()))}
    return [reversed_lists(item) for item in reversed(value)] if isinstance(value, list) else value


def reordered(document: Any) -> None:
    found = reversed_lists(document)
    document.clear()
    document.update(found)


@pytest.mark.row("R08")
def test_a_resource_that_is_only_called_otherwise_in_one_environment_is_a_note(make: Builder, proven: Prove) -> None:
    proof = proven(seeded(make, Seed(service="messaging", at="", edit=renamed)), "dev", "prod")
    assert proof.findings == ()
    assert proof.environments[1].renamed == {"messaging/Resources/OtherQueue": "JobsDeadLetterQueue"}


def test_a_renamed_resource_that_is_also_another_one_is_a_finding(make: Builder, proven: Prove) -> None:
    def edit(document: Any) -> None:
        renamed(document)
        document["Resources"]["OtherQueue"]["Properties"]["VisibilityTimeout"] = 7

    found = proven(seeded(make, Seed(service="messaging", at="", edit=edit)), "dev", "prod").findings
    assert {"messaging/Resources/OtherQueue", "messaging/Resources/JobsDeadLetterQueue"} <= {one.path for one in found}


@pytest.mark.row("R08")
def test_order_alone_is_no_finding(make: Builder, proven: Prove) -> None:
    other: Make = make
    for service in ("compute", "storage", "keys", "network", "monitoring", "bootstrap", MANIFEST):
        other = seeded(other, Seed(service=service, at="", edit=reordered))
    assert proven(other, "dev", "prod").findings == ()


@pytest.mark.parametrize("name", ["data", "api", "jobs", "qa"])
def test_an_environment_may_be_called_as_a_word_of_the_templates(make: Builder, platform: env.Platform, name: str) -> None:
    from templates.parity import prove

    dev = next(one for one in platform.environments if one.name == "dev")
    way = msgspec.structs.replace(dev.tools.pipeline, environments=("dev", name))
    dev = msgspec.structs.replace(dev, tools=msgspec.structs.replace(dev.tools, pipeline=way))
    other = msgspec.structs.replace(dev, name=name, account="555555555555")
    copies = {one.name: make(one) for one in (dev, other)}
    proof = prove([dev, other], make, copies, platform.places, {})
    assert proof.findings == ()
    sides = [Side(documents=copies[one.environment].documents, proven=one) for one in proof.environments]
    assert unexplained(sides[0], sides[1]) == ((), ())


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        ("ap-southeast-1", "us-east-2", ()),
        ("us-gov-west-1", "us-gov-east-1", ("region",)),
        ("eusc-de-east-1", "cn-northwest-1", ("region",)),
    ],
)
def test_a_region_may_be_anywhere_and_one_without_another_of_its_shape_is_said(
    make: Builder, platform: env.Platform, one: str, other: str, kept: tuple[str, ...]
) -> None:
    from templates.parity import prove

    dev, staging = (environment for environment in platform.environments if environment.name != "prod")
    chosen = [msgspec.structs.replace(dev, region=one), msgspec.structs.replace(staging, region=other)]
    copies = {environment.name: make(environment) for environment in chosen}
    proof = prove(chosen, make, copies, platform.places, {})
    assert proof.findings == ()
    assert [environment.kept for environment in proof.environments] == [kept, kept]
    sides = [Side(documents=copies[environment.environment].documents, proven=environment) for environment in proof.environments]
    assert unexplained(sides[0], sides[1]) == ((), ())


def test_blocks_laid_out_otherwise_are_carried_all_the_same(make: Builder, platform: env.Platform) -> None:
    from templates.parity import prove

    dev, staging = (environment for environment in platform.environments if environment.name != "prod")
    public = ("172.16.0.0/24", "172.16.1.0/24", "172.16.2.0/24")
    staging = msgspec.structs.replace(staging, network=msgspec.structs.replace(staging.network, cidr="172.16.0.0/12", public=public))
    proof = prove([dev, staging], make, {one.name: make(one) for one in (dev, staging)}, platform.places, {})
    assert proof.findings == ()
    assert not any(field.field.startswith(("network.public", "network.cidr")) for field in proof.environments[1].fields)


@pytest.fixture(scope="module")
def sides(make: Builder, proven: Prove, platform: env.Platform) -> dict[str, Side]:
    copies = {one.name: make(one) for one in platform.environments}
    return {one.environment: Side(documents=copies[one.environment].documents, proven=one) for one in proven(make).environments}


@pytest.mark.parametrize("other", ["staging", "prod"])
def test_what_is_built_differs_only_where_the_proof_explains_it(sides: dict[str, Side], other: str) -> None:
    assert unexplained(sides["dev"], sides[other]) == ((), ())


@pytest.mark.parametrize("name", ["another alarm threshold", "one more resource", "another stack policy", "a tag key that is missing"])
def test_a_copy_that_was_changed_after_the_proof_is_a_finding(sides: dict[str, Side], name: str) -> None:
    seed, prod = SEEDS[name], sides["prod"]
    document = copy.deepcopy(prod.documents[seed.service])
    seed.edit(document)
    found, _ = unexplained(sides["dev"], replace(prod, documents={**prod.documents, seed.service: document}))
    assert [one.path for one in found if seed.at.replace("prod", "<name>") in one.path]
    assert {one.kind for one in found} == {"unexplained"}


def scalars(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of every plain value, but for what only names an item of a list."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, (dict, list)):
            yield from scalars(item)
        elif not (key in KEYS or key in ("Ref", "name", "alarm")):
            yield value, key


@given(seed=st.integers(0, 10**9))
@settings(max_examples=12, deadline=None)
def test_any_change_of_one_value_in_one_copy_is_a_finding(sides: dict[str, Side], seed: int) -> None:
    """But for one where a field of the environment file makes the two differ anyhow."""
    draw = random.Random(seed)
    prod = sides["prod"]
    service = draw.choice([name for name in prod.documents if name != "root"])
    document = copy.deepcopy(prod.documents[service])
    holder, key = draw.choice(list(scalars(document)))
    before = form({service: document}, {})
    holder[key] = "something else entirely"
    changed = compared(before, form({service: document}, {})).leaves
    assert changed
    found, _ = unexplained(sides["dev"], replace(prod, documents={**prod.documents, service: document}))
    allowed = {part for field in prod.proven.fields for part in field.parts}
    texts = {text.value: f"<{text.field}>" for text in reversed(prod.proven.texts)}
    spelled = [[texts.get(part, part.replace("prod", "<name>")) for part in path] for path in changed]
    assert found or all(any("/".join(path[:end]) in allowed for end in range(1, len(path) + 1)) for path in spelled)


def shuffled(value: Any, draw: random.Random) -> Any:
    if isinstance(value, dict):
        items = [(key, item if function(value) else shuffled(item, draw)) for key, item in value.items()]
        draw.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        found = [shuffled(item, draw) for item in value]
        draw.shuffle(found)
        return found
    return value


@given(seed=st.integers(0, 10**9))
@settings(max_examples=6, deadline=None)
def test_no_order_is_a_finding(sides: dict[str, Side], seed: int) -> None:
    prod = sides["prod"]
    other = {name: shuffled(document, random.Random(seed)) for name, document in prod.documents.items()}
    assert unexplained(sides["dev"], replace(prod, documents=other)) == ((), ())


def test_the_gate_of_a_promotion_sees_what_concerns_its_two_environments(make: Builder, proven: Prove) -> None:
    proof = proven(seeded(make, SEEDS["another alarm threshold"]))
    assert [type(one) for one in gate(proof, "staging", "prod")] == [Finding]
    assert gate(proof, "dev", "staging") == ()


def test_the_same_environment_is_built_once(make: Builder, platform: env.Platform) -> None:
    """A section's method counts by what it reads, not by whose it is."""
    dev = next(one for one in platform.environments if one.name == "dev")
    make(dev)
    known = {name: len(made) for name, made in make.made.items()}
    make(msgspec.convert(msgspec.to_builtins(dev), Environment))
    assert {name: len(made) for name, made in make.made.items()} == known
