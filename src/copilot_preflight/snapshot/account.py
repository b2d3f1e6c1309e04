"""The account, by way of boto3: the only module that makes calls.

Source: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html
"""

from __future__ import annotations

from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
)

from copilot_preflight._version import NAME, __version__
from copilot_preflight.snapshot.calls import OPERATIONS, Answer, Call
from copilot_preflight.snapshot.subjects import Identity

_ALLOWED: Final = frozenset((it.service, it.api) for it in OPERATIONS.values())
_IDENTITY: Final = ("sts", "GetCallerIdentity")

_MOST_ITEMS: Final = 10_000
"""Of one list; an answer that is cut short says so with its NextToken, as the AWS CLI's do."""

_CONFIG: Final = {
    "retries": {"mode": "adaptive", "total_max_attempts": 6},
    "connect_timeout": 5,
    "read_timeout": 30,
    "user_agent_extra": f"{NAME}/{__version__}",
}


class Unusable(Exception):
    """The account cannot be asked at all; ``str()`` is one line on what to do."""


class NotAllowed(Exception):
    """A call that no snapshot makes: some client was about to make it of its own accord."""


class Account:
    """One session; clients are made when they are needed. Raises Unusable."""

    def __init__(self, profile: str = "", region: str = "", endpoint_url: str = "") -> None:
        try:
            self._session = boto3.Session(profile_name=profile or None, region_name=region or None)
            self.region: Final = self._session.region_name or ""
            has_credentials = self._session.get_credentials() is not None
        except BotoCoreError as error:
            raise Unusable(_told(error)) from None
        if not self.region:
            raise Unusable("no region: name it with --region NAME, or in the profile")
        if not has_credentials:
            raise Unusable(
                "no credentials: name a profile with --profile NAME, or see 'aws configure'"
            )
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, str], Any] = {}
        self._unreachable: dict[tuple[str, str], str] = {}

    def identity(self) -> Identity:
        """Who asks, which needs no permission. Raises Unusable."""
        try:
            answer = self._client("sts", self.region).get_caller_identity()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise Unusable(f"the credentials are of no use: AWS answers {code}") from None
        except (BotoCoreError, ValueError) as error:  # the latter for what is no URL
            raise Unusable(_told(error)) from None
        caller = answer["Arn"].split(":")
        return Identity(answer["Account"], caller[1], self.region)

    def ask(self, call: Call) -> Answer:
        """The answer to one call, all of its pages."""
        operation = call.operation
        at = operation.service, call.region or self.region
        if at in self._unreachable:
            return Answer(None, self._unreachable[at])
        try:
            client = self._client(*at)
            if operation.pages and client.can_paginate(operation.method):
                pages = client.get_paginator(operation.method).paginate(
                    PaginationConfig={"MaxItems": _MOST_ITEMS}, **call.parameters
                )
                body = pages.build_full_result()
            else:
                body = getattr(client, operation.method)(**call.parameters)
        except ClientError as error:
            said = error.response.get("Error", {})
            return Answer(None, str(said.get("Code", "Unknown")), _told(said.get("Message", "")))
        except (BotoCoreError, NotAllowed) as error:
            if isinstance(error, (ConnectionError, HTTPClientError)):
                self._unreachable[at] = type(error).__name__  # the next one would wait as long
            return Answer(None, type(error).__name__)
        return Answer({key: it for key, it in body.items() if key != "ResponseMetadata"})

    def _client(self, service: str, region: str) -> Any:
        at = service, region
        if at not in self._clients:
            client = self._session.client(
                service,
                region_name=region,
                endpoint_url=self._endpoint_url or None,
                config=Config(**_CONFIG),
            )
            client.meta.events.register("before-call", _guard(service))
            self._clients[at] = client
        return self._clients[at]


def _guard(service: str) -> Any:
    """Refuses whatever is no part of a snapshot, before it is sent.

    The client for S3 asks for the region of a bucket by itself, where a bucket lies elsewhere.
    """

    def check(model: Any, **_: Any) -> None:
        if (service, model.name) not in _ALLOWED and (service, model.name) != _IDENTITY:
            raise NotAllowed(model.name)

    return check


def _told(error: object) -> str:
    """What boto3 says, as one of our messages: a line that begins with a small letter."""
    said = " ".join(str(error).split()).rstrip(".")
    return said[:1].lower() + said[1:]
