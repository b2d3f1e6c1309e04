"""Answers of EC2: the VPC endpoints of an account, and which subnets and route tables are where."""

from __future__ import annotations

import json
from typing import Any

from copilot_preflight.base.finding import Place
from copilot_preflight.evidence.answers import Answer
from copilot_preflight.evidence.documents import policy_at
from copilot_preflight.evidence.draft import Draft
from copilot_preflight.evidence.index import text_of
from copilot_preflight.evidence.parts import is_page, maps_at
from copilot_preflight.evidence.records import Endpoint, Policy


def endpoints(draft: Draft, answer: Answer) -> None:
    """`describe-vpc-endpoints`."""
    is_whole = not is_page(answer) and _has_all(answer)
    for path, raw in maps_at(answer.data, ("VpcEndpoints",)):
        name = text_of(raw, "VpcEndpointId")
        policy: Policy | None = None
        if raw.get("PolicyDocument"):
            policy = policy_at(answer.document, (*path, "PolicyDocument"), name)
        place = Place(answer.document.file, path)
        draft.endpoints.setdefault(name, Endpoint(name, place, raw, policy, is_whole))


def _has_all(answer: Answer) -> bool:
    """Whether an answer has all endpoints of the VPCs that it has any of, which an index tells."""
    if not answer.is_indexed or "VpcEndpointIds" in answer.parameters:
        return False
    try:
        filters: Any = json.loads(answer.parameters.get("Filters", "[]"))
    except ValueError:
        return False
    names = [it.get("Name") for it in filters if isinstance(it, dict)]
    return isinstance(filters, list) and all(name == "vpc-id" for name in names)


def subnets(draft: Draft, answer: Answer) -> None:
    """`describe-subnets`."""
    for _, raw in maps_at(answer.data, ("Subnets",)):
        draft.vpcs.setdefault(text_of(raw, "SubnetId"), text_of(raw, "VpcId"))


def route_tables(draft: Draft, answer: Answer) -> None:
    """`describe-route-tables`, of which the subnets are those that name a table themselves.

    The others follow the main table of their VPC, which is known only where all tables are.
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
    """
    for _, raw in maps_at(answer.data, ("RouteTables",)):
        for _, association in maps_at(raw, ("Associations",)):
            subnet = text_of(association, "SubnetId")
            if subnet:
                draft.tables.setdefault(subnet, text_of(raw, "RouteTableId"))
