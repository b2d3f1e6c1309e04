"""Suppressions in the metadata of a template or a resource, which are cfn-lint's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.inputs.template_shape import is_template
from copilot_preflight.read.document import Document
from copilot_preflight.run.suppress.suppression import (
    OneResource,
    Suppression,
    WholeTemplate,
    rule_id_of,
)

_IGNORE_CHECKS: Final = ("Metadata", "cfn-lint", "config", "ignore_checks")


def in_metadata(source: Document) -> Iterator[Suppression]:
    """What ``Metadata: cfn-lint: config: ignore_checks`` of a template and its resources says.

    As cfn-lint has it: the template's may be the beginnings of ids, and a resource's are whole ids.
    Source: https://github.com/aws-cloudformation/cfn-lint#metadata
    """
    if not source.mentions("ignore_checks") or not is_template(source.data):
        return
    for rule, at in _ignored_checks(source, ()):
        yield Suppression(rule, WholeTemplate(source.file), at)
    resources = source.data.get("Resources")
    for name in resources if isinstance(resources, dict) else ():
        for rule, at in _ignored_checks(source, ("Resources", name)):
            if rule_id_of(rule) == rule:
                yield Suppression(rule, OneResource(source.file, name), at)


def _ignored_checks(source: Document, path: DataPath) -> Iterator[tuple[str, Place]]:
    node = source.data
    for step in (*path, *_IGNORE_CHECKS):
        node = node.get(step) if isinstance(node, dict) else None
    for index, rule in enumerate(node if isinstance(node, list) else ()):
        if isinstance(rule, str) and rule:
            yield rule, Place(source.file, (*path, *_IGNORE_CHECKS, index))
