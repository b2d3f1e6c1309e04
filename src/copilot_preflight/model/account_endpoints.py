"""The VPC endpoints of the account, for a run whose templates make none."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.base.symbolic import Text
from copilot_preflight.evidence import records
from copilot_preflight.model.account_documents import answered
from copilot_preflight.model.endpoints import INTERFACE, Endpoint, is_answering, service_named
from copilot_preflight.resolve.plain import Plain
from copilot_preflight.resolve.value import Value, text_of, texts_of
from copilot_preflight.resolve.view import View


def endpoints_of_account(view: View) -> Iterator[Endpoint]:
    """What the account has answered of its endpoints, in the words of a template.

    An interface is passed whatever else there is. A gateway counts where all endpoints of its VPC
    were answered: an interface may take its calls.
    """
    account = view.run.outside.account
    for found in account.endpoints if account is not None else ():
        if str(found.raw.get("State", "available")).lower() == "available":
            yield _read(found)


def _read(found: records.Endpoint) -> Endpoint:
    raw = dict(found.raw)
    name = raw.get("ServiceName")
    if f".{raw.get('ServiceRegion')}." in str(name):
        del raw["ServiceRegion"]  # the endpoint's own
    properties = Value(Plain(found.place.file), raw, found.place.path)
    kind = text_of(properties, "VpcEndpointType")
    known = None if kind is None else kind.literal
    service = service_named(text_of(properties, "ServiceName"))
    return Endpoint(
        found.id,
        found.place,
        Text.of(found.id),
        service,
        known,
        text_of(properties, "VpcId"),
        route_tables=texts_of(properties, "RouteTableIds"),
        subnets=texts_of(properties, "SubnetIds"),
        answers=is_answering(properties, known, service),
        policy=None if found.policy is None else answered(found.policy),
        policy_place=found.place if found.policy is None else found.policy.place,
        open=() if known == INTERFACE or found.is_among_all else ("other endpoints of the VPC",),
    )
