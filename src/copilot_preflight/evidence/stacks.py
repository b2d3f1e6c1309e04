"""Answers of CloudFormation and ECS: what stacks export and have made, and what runs."""

from __future__ import annotations

from copilot_preflight.base.finding import Place
from copilot_preflight.evidence.answers import Answer
from copilot_preflight.evidence.documents import parsed_or_none
from copilot_preflight.evidence.draft import Draft
from copilot_preflight.evidence.index import text_of
from copilot_preflight.evidence.parts import account_of, maps_at, region_of
from copilot_preflight.evidence.records import Deployed, Export, StackResource


def exports(draft: Draft, answer: Answer) -> None:
    """`list-exports`."""
    for path, raw in maps_at(answer.data, ("Exports",)):
        stack = text_of(raw, "ExportingStackId")
        place = Place(answer.document.file, (*path, "Value"))
        _export(draft, answer, text_of(raw, "Name"), text_of(raw, "Value"), stack, place)


def described(draft: Draft, answer: Answer) -> None:
    """`describe-stacks`, of which the outputs are exports where they have a name as such.

    Of its parameters, those count that are ARNs: the values of others are blanked out.
    """
    for path, raw in maps_at(answer.data, ("Stacks",)):
        values = {
            text_of(it, "ParameterKey"): text_of(it, "ParameterValue")
            for _, it in maps_at(raw, ("Parameters",))
            if text_of(it, "ParameterValue").startswith("arn:")
        }
        stack, stack_id = text_of(raw, "StackName"), text_of(raw, "StackId")
        place = Place(answer.document.file, path)
        draft.stack(stack, *_home(answer, stack_id))
        draft.deployed.setdefault(("parameters", stack), Deployed(stack, place, values))
        for at, output in maps_at(raw, ("Outputs",)):
            name = text_of(output, "ExportName")
            if name:
                value = text_of(output, "OutputValue")
                place = Place(answer.document.file, (*path, *at, "OutputValue"))
                _export(draft, answer, name, value, stack_id, place)


def _export(draft: Draft, answer: Answer, name: str, value: str, stack: str, place: Place) -> None:
    account, region = _home(answer, stack)
    found = Export(name, value, place, stack, account, region)
    draft.exports.setdefault((account, region, name), found)


def _home(answer: Answer, stack_id: str) -> tuple[str, str]:
    """The account and region of a stack: by its ARN, else by the index."""
    return account_of(stack_id) or answer.account, region_of(stack_id) or answer.region


def resources(draft: Draft, answer: Answer) -> None:
    """`describe-stack-resources`, `list-stack-resources` or `describe-stack-resource`."""
    if answer.error:
        return
    listed = [
        *maps_at(answer.data, ("StackResources",)),
        *maps_at(answer.data, ("StackResourceSummaries",)),
    ]
    if isinstance(detail := answer.data.get("StackResourceDetail"), dict):
        listed.append((("StackResourceDetail",), detail))
    for path, raw in listed:
        stack = text_of(raw, "StackName") or answer.parameters.get("StackName", "")
        logical_id, physical_id = (
            text_of(raw, "LogicalResourceId"),
            text_of(raw, "PhysicalResourceId"),
        )
        if stack and logical_id and physical_id:
            place = Place(answer.document.file, path)
            kind = text_of(raw, "ResourceType")
            found = StackResource(stack, logical_id, physical_id, kind, place)
            home = _home(answer, text_of(raw, "StackId"))
            draft.stack(stack, *home)
            draft.resources.setdefault((*home, stack, logical_id), found)


def template(draft: Draft, answer: Answer) -> None:
    """`get-template`: a map, or the string that was deployed."""
    if answer.error:
        return
    body, name = answer.data["TemplateBody"], answer.parameters.get("StackName", "")
    data = parsed_or_none(body) if isinstance(body, str) else body
    if isinstance(data, dict) and name:
        place = Place(answer.document.file, ("TemplateBody",))
        draft.stack(name, answer.account, answer.region)
        draft.deployed.setdefault(("template", name), Deployed(name, place, data))


def task_definition(draft: Draft, answer: Answer) -> None:
    """`describe-task-definition`."""
    if not answer.error and isinstance(raw := answer.data["taskDefinition"], dict):
        arn = text_of(raw, "taskDefinitionArn")
        found = Deployed(arn, Place(answer.document.file, ("taskDefinition",)), raw)
        draft.deployed.setdefault(("task", arn), found)


def services(draft: Draft, answer: Answer) -> None:
    """`describe-services`."""
    for path, raw in maps_at(answer.data, ("services",)):
        arn = text_of(raw, "serviceArn")
        found = Deployed(arn, Place(answer.document.file, path), raw)
        draft.deployed.setdefault(("service", arn), found)
