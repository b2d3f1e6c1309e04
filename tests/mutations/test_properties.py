"""What must stay the same, or come back, whatever the stack."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from tests.mutations.edits import (
    drop_decrypts,
    drop_policy,
    drop_read,
    effect,
    move_policy,
    reads,
    resource,
    statement,
)
from tests.mutations.harness import (
    NOTHING,
    RULES_OF_FILES,
    Edit,
    EnvFile,
    Site,
    Stack,
    check,
    copilot_stacks,
    found_in,
    own_stacks,
    policies_of_buckets,
    problems,
)

from copilot_preflight.base.finding import Place
from copilot_preflight.read import document
from copilot_preflight.run import check as engine

STACKS: Final = [*own_stacks(), *copilot_stacks()]
SOME: Final = [*own_stacks(), *copilot_stacks()[::16]]

BREAKS: Final[dict[str, Edit]] = {
    "policy removed": drop_policy,
    "statement removed": drop_read,
    "policy moved": move_policy,
    "bucket instead of objects": reads("'<bucket>'"),
    "another bucket": reads("'arn:aws:s3:::another-bucket/*'"),
    "another hash": reads("'<bucket>/<folder>/" + "5ca1ab1e" * 8 + ".env'"),
}

WIDE: Final = """
    - Effect: Allow
      Action: s3:GetObject
      Resource: !Sub 'arn:${AWS::Partition}:s3:::<name>/*'
    - Effect: Allow
      Action: s3:GetBucketLocation
      Resource: !Sub 'arn:${AWS::Partition}:s3:::<name>'
    - Effect: Allow
      Action: kms:Decrypt
      Resource: '*'
"""


def broken(stack: Stack, file: EnvFile, edit: Edit) -> Site:
    site = Site(stack, file)
    edit(site)
    return site


def told(stack: Stack, text: str, folder: Path) -> Counter[tuple]:
    """The findings without their lines: rule, cause, message, and the path of each place."""
    template = folder / f"{len(list(folder.iterdir()))}.stack.yml"
    template.write_text(text)
    values = dict(stack.parameters)
    options = engine.Options(info=True, parameters=values, pseudo=stack.pseudo)
    report = engine.check([str(template)], options)
    assert not report.errors

    def at(place: Place) -> tuple:
        return place.path, place.key

    return Counter(
        (f.rule, f.cause, f.message, at(f.at), tuple(at(r.place) for r in f.related))
        for f in report.findings
    )


@pytest.mark.parametrize("stack", SOME, ids=str)
@pytest.mark.parametrize("edit", BREAKS.values(), ids=BREAKS.keys())
def test_a_grant_of_the_whole_bucket_mends_every_break(
    stack: Stack, edit: Edit, tmp_path: Path
) -> None:
    """No denial is left beside a grant that covers the file, its bucket and its key."""
    for file in stack.files:
        site = broken(stack, file, edit)
        statement(WIDE)(site)
        rules = {found.rule for found in check(site, tmp_path)}
        # A statement that can never match is still wrong, though nothing depends on it any more.
        assert rules <= {"W9713", "E9717"}, (file.name, rules)


@pytest.mark.parametrize("stack", SOME, ids=str)
def test_a_mutation_and_its_inverse_leave_nothing_to_find(stack: Stack, tmp_path: Path) -> None:
    """The Effect turned there and back, and a policy moved there and back, are as at first."""
    for file in stack.files:
        site = Site(stack, file)
        quoted = file.read.effect.text.partition("Effect: ")[2]
        if quoted != "Deny":
            changed = site.swap(file.read.effect, r"Effect: .*", "Effect: Deny")
            site.swap(changed, r"Effect: .*", f"Effect: {quoted}")
        assert site.text == Site(stack, file).text
        assert list(problems(NOTHING, site, check(site, tmp_path))) == []


@pytest.mark.parametrize("stack", SOME, ids=str)
@pytest.mark.parametrize("edit", [None, *BREAKS.values()], ids=["nothing", *BREAKS.keys()])
def test_json_and_long_functions_say_the_same(
    stack: Stack, edit: Edit | None, tmp_path: Path
) -> None:
    """The same data as JSON, without a short tag, gives the same findings at the same paths."""
    site = Site(stack, stack.files[0])
    if edit is not None:
        edit(site)
    data = document.parse(site.text, "x").data
    as_json = json.dumps(data, indent=2, default=str)
    assert "!Ref" not in as_json.replace("$!Ref", "")
    yaml = told(stack, site.text, tmp_path)
    assert yaml == told(stack, as_json, tmp_path)


RESPELLINGS: Final[dict[str, Callable[[str], str]]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "comments": lambda text: re.sub(r"(?m)^( +)(- |\w)", r"\1# said before\n\1\2", text, count=0),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "document markers": lambda text: f"---\n{text}...\n",
}


@pytest.mark.parametrize("stack", own_stacks(), ids=str)
@pytest.mark.parametrize("edit", [None, *BREAKS.values()], ids=["nothing", *BREAKS.keys()])
@pytest.mark.parametrize("spelling", RESPELLINGS.values(), ids=RESPELLINGS.keys())
def test_layout_changes_nothing_but_lines(
    stack: Stack, edit: Edit | None, spelling: Callable[[str], str], tmp_path: Path
) -> None:
    """Line ends, comments and blank lines are no part of the template's meaning."""
    site = Site(stack, stack.files[0])
    if edit is not None:
        edit(site)
    assert told(stack, site.text, tmp_path) == told(stack, spelling(site.text), tmp_path)


def renamed(text: str, names: dict[str, str]) -> str:
    for old, new in names.items():
        text = re.sub(rf"(?<![\w:]){old}(?!\w)", new, text)
    return text


@pytest.mark.parametrize("stack", SOME, ids=str)
@pytest.mark.parametrize("edit", [None, *BREAKS.values()], ids=["nothing", *BREAKS.keys()])
def test_logical_ids_are_only_names(stack: Stack, edit: Edit | None, tmp_path: Path) -> None:
    """Roles and task definition under other ids give the same rules at the same lines."""
    file = stack.files[0]
    site = Site(stack, file)
    if edit is not None:
        edit(site)
    names = {stack.role_id: "Aardvark", stack.task_role_id: "Zebra", "TaskDefinition": "Monkey"}
    before = [found[:4] for found in check(site, tmp_path)]
    other = Site(replace(stack, text=renamed(site.text, names)), file)
    after = [found[:4] for found in check(other, tmp_path)]
    assert before == after


@pytest.mark.parametrize("stack", SOME, ids=str)
def test_the_order_of_statements_and_policies_is_of_no_account(
    stack: Stack, tmp_path: Path
) -> None:
    """Policies turned around, and statements within them, decide every call as before."""
    for edit in (None, *BREAKS.values()):
        site = Site(stack, stack.files[0])
        if edit is not None:
            edit(site)
        data = deepcopy(document.parse(site.text, "x").data)
        before = told(stack, json.dumps(data, default=str), tmp_path)
        properties = data["Resources"][stack.role_id]["Properties"]
        properties["Policies"].reverse()
        for policy in properties["Policies"]:
            body = policy["Fn::If"][1] if "Fn::If" in policy else policy
            body["PolicyDocument"]["Statement"].reverse()
        after = told(stack, json.dumps(data, default=str), tmp_path)
        assert Counter(f[:2] for f in before.elements()) == Counter(f[:2] for f in after.elements())


@pytest.mark.parametrize("stack", SOME, ids=str)
def test_parameter_values_count_the_same_wherever_they_come_from(
    stack: Stack, tmp_path: Path
) -> None:
    """A file beside the template, --params in each of its forms, and --parameter agree."""
    for edit in (None, drop_policy, reads("'<bucket>'"), effect("Deny")):
        site = Site(stack, stack.files[-1])
        if edit is not None:
            edit(site)
        beside = [(found.rule, found.line, found.cause) for found in check(site, tmp_path)]
        given = tmp_path / "given.json"
        alone = tmp_path / "alone.yml"
        alone.write_text(site.text)
        template = str(alone)
        forms: tuple[object, ...] = (
            {"Parameters": site.parameters},
            site.parameters,
            [{"ParameterKey": k, "ParameterValue": v} for k, v in site.parameters.items()],
            [f"{name}={value}" for name, value in site.parameters.items()],
        )
        plain = engine.Options(
            rules=RULES_OF_FILES,
            info=True,
            pseudo=stack.pseudo,
            policies=policies_of_buckets(site, tmp_path),
        )
        ways = []
        for form in forms:
            given.write_text(json.dumps(form))
            ways.append(plain._replace(params=[given]))
        ways.append(plain._replace(parameters=dict(site.parameters)))
        for options in ways:
            report = engine.check([template], options)
            assert not report.errors
            lines = [(f.rule, f.line, f.cause) for f in found_in(report, template)]
            assert lines == beside


@pytest.mark.parametrize("stack", SOME, ids=str)
def test_findings_are_the_same_from_run_to_run_and_in_the_order_of_lines(
    stack: Stack, tmp_path: Path
) -> None:
    """Two runs agree to the letter, and a reader goes through the file from its top."""
    site = Site(stack, stack.files[0])
    for edit in (drop_policy, drop_decrypts, resource("Empty: {Type: 'AWS::IAM::Role'}")):
        edit(site)
    first, second = check(site, tmp_path), check(site, tmp_path)
    assert first == second
    assert [found.line for found in first] == sorted(found.line for found in first)
