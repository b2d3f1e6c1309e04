"""The stacks of a snapshot as they were deployed: template and parameter values of each.

A snapshot is a folder of answers of AWS; its index ``snapshot.json`` says which file answers what.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from copilot_preflight.read import document

INDEX: Final = "snapshot.json"
_TEMPLATE: Final = "cloudformation get-template"
_STACK: Final = "cloudformation describe-stacks"
_HIDDEN: Final = "****"
"""What CloudFormation shows for the value of a parameter with ``NoEcho``."""
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)
"""Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""


class DeployedStack(NamedTuple):
    """A stack by its name; ``parameters`` are None where the snapshot does not have them.

    ``template`` is the text that was deployed.
    """

    name: str
    template: str
    parameters: Mapping[str, str] | None


def deployed_in(folder: str) -> list[DeployedStack]:
    """The stacks of a snapshot; none where a folder is no snapshot, or is one of no stack.

    Raises DocumentError for an index, or a file that it names, that cannot be read.
    """
    index = Path(folder, INDEX)
    if not index.is_file():
        return []
    templates: dict[str, Any] = {}
    values: dict[str, Mapping[str, str]] = {}
    for call, name, path in _entries(folder, document.read(index, str(index)).data):
        data = document.read(path, str(path)).data
        if call == _TEMPLATE and isinstance(data, dict) and "TemplateBody" in data:
            templates[name] = data["TemplateBody"]
        elif call == _STACK and isinstance(data, dict):
            values.update(_values(data))
    return [
        DeployedStack(
            name, body if isinstance(body, str) else json.dumps(body, indent=2), values.get(name)
        )
        for name, body in sorted(templates.items())
    ]


def is_of_no_stack(folder: str) -> bool:
    """Whether a folder is a snapshot and nothing else, and has the template of no stack.

    Raises DocumentError as `deployed_in` does.
    """
    index = Path(folder, INDEX)
    if not index.is_file() or deployed_in(folder):
        return False
    data = document.read(index, str(index)).data
    answers = data.get("answers") if isinstance(data, dict) else None
    if not isinstance(answers, list):
        return False
    listed = {str(it.get("file")) for it in answers if isinstance(it, dict)}
    files = (it for it in Path(folder).rglob("*") if it.is_file())
    names = {it.relative_to(folder).as_posix() for it in files if not it.name.startswith(".")}
    return names <= {INDEX, *listed}


def _entries(folder: str, index: Any) -> Iterator[tuple[str, str, Path]]:
    """The call, the stack and the file of each answer about a stack, inside of the folder."""
    answers = index.get("answers") if isinstance(index, dict) else None
    root = os.path.realpath(folder)
    for entry in answers if isinstance(answers, list) else ():
        if not isinstance(entry, dict) or entry.get("call") not in (_TEMPLATE, _STACK):
            continue
        file, asked = entry.get("file"), entry.get("parameters")
        name = asked.get("StackName") if isinstance(asked, dict) else None
        if not (isinstance(file, str) and isinstance(name, str) and _NAME.fullmatch(name)):
            continue
        path = os.path.realpath(os.path.join(root, file))
        if path.startswith(os.path.join(root, "")):
            yield entry["call"], name, Path(folder, file)


def _values(answer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The parameters of each stack, but for those whose values are hidden."""
    stacks = answer.get("Stacks")
    for stack in stacks if isinstance(stacks, list) else ():
        given = stack.get("Parameters") if isinstance(stack, dict) else None
        if not isinstance(given, list) or not isinstance(stack.get("StackName"), str):
            continue
        pairs = [it for it in given if isinstance(it, dict)]
        yield (
            stack["StackName"],
            {
                key: value
                for key, value in (
                    (it.get("ParameterKey"), it.get("ParameterValue")) for it in pairs
                )
                if isinstance(key, str) and isinstance(value, str) and value != _HIDDEN
            },
        )


def written(stacks: list[DeployedStack], folder: str) -> list[str]:
    """The paths of the stacks' templates, each with its parameter file next to it."""
    paths = []
    for stack in stacks:
        path = Path(folder, f"{stack.name}.template.json")
        path.write_text(stack.template, encoding="utf-8")
        if stack.parameters is not None:
            values = json.dumps({"Parameters": stack.parameters}, indent=2)
            Path(folder, f"{stack.name}.template.params.json").write_text(values, encoding="utf-8")
        paths.append(str(path))
    return paths
