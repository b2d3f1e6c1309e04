"""The AWS calls that roles make: what needs ask for, of the roles that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.condition_keys import never_sent
from copilot_preflight.iam.evaluate import Request
from copilot_preflight.iam.services import service_of
from copilot_preflight.model.buckets import bucket_named
from copilot_preflight.model.roles import ANONYMOUS, Role
from copilot_preflight.needs.need import Need, NeededCall
from copilot_preflight.resolve.query import query_by
from copilot_preflight.resolve.view import View


class Call(NamedTuple):
    """An AWS call that a role will make for a need."""

    need: Need
    role: Role
    needed: NeededCall

    @property
    def view(self) -> View:
        return self.need.view

    @property
    def action(self) -> str:
        return self.needed.action

    @property
    def resource(self) -> Text:
        return self.needed.resource

    @property
    def request(self) -> Request:
        return Request(self.action, self.resource, {**_context(self), **self.needed.context})

    def sending(self, context: Mapping[str, tuple[Text, ...]]) -> Call:
        """The same call, of which more is known of what it sends."""
        needed = self.needed._replace(context={**self.needed.context, **context})
        return self._replace(needed=needed)

    @property
    def who(self) -> str:
        """The role as a message names it: ``execution role 'ExecutionRole'``."""
        if self.need.is_anonymous:
            return f"an {ANONYMOUS}"
        return f"{self.need.user} {self.role}".strip()


def calls_of(need: Need) -> Iterator[Call]:
    """The calls of a need; none where its role is not in the run."""
    if need.role is not None:
        for needed in need.calls:
            yield Call(need, need.role, needed)


# --- condition keys -------------------------------------------------------------------------------

_SERVICE_ONLY: Final = ("sourcearn", "sourceaccount", "sourceorgid", "sourceorgpaths")
_PERSON_ONLY: Final = ("multifactorauthage", "username")
_ABSENT: Final = {f"aws:{key}": () for key in (*_SERVICE_ONLY, *_PERSON_ONLY)}
"""Keys that a session of a role never sends which a service has assumed.

Those of the first kind come with calls that a service makes under its own name, those of the
second with users and with sessions that began with MFA.
"""

MAY_SEND: Final[Mapping[str, tuple[tuple[Text, ...], ...]]] = {
    "aws:multifactorauthpresent": ((), (Text.of("false"),))
}
"""What a role's session that a service began may send under a key; which, AWS does not say.

The key comes with temporary credentials only, which the session has, and it began without MFA.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
"""


def _context(call: Call) -> Mapping[str, tuple[Text, ...]]:
    """The condition keys that are certain for a call, before those that its own ask adds."""
    if call.need.is_anonymous:
        return {}
    return {**_of_caller(call.view, call.role), **never_sent(call.action), **_of_resource(call)}


@query_by(id)
def _of_caller(_view: View, role: Role) -> Mapping[str, tuple[Text, ...]]:
    """What is certain of every call of a role, made with its own credentials; AWS speaks TLS.

    Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html,
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    account = arn.parse(role.arn)
    session = Hole("role session name", role.id.identity, excludes=":*?", nonempty=True)
    return {
        **_ABSENT,
        "aws:securetransport": (Text.of("true"),),
        "aws:principalarn": (role.arn,),
        "aws:principaltype": (Text.of("AssumedRole"),),
        "aws:principalisawsservice": (Text.of("false"),),
        **({"aws:userid": (Text.of(role.id, ":", session),)} if role.id.parts else {}),
        **({"aws:principalaccount": (account.account,)} if account else {}),
        **({"kms:calleraccount": (account.account,)} if account else {}),
        **{f"aws:principaltag/{name}".lower(): (value,) for name, value in role.tags.items()},
    }


def _of_resource(call: Call) -> Mapping[str, tuple[Text, ...]]:
    """Where the call goes, and to whose resource.

    S3 is called in the region of the bucket, which is the stack's own for a bucket that the stack
    makes and for those of Copilot's, one for each region; what is asked of a bucket's whereabouts
    may be asked anywhere.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    service = service_of(call.action)
    if service.prefix == "ssmmessages":
        return {"aws:requestedregion": (call.view.pseudo("AWS::Region"),)}
    if service.prefix == "s3":
        return _of_bucket(call)
    parsed = arn.parse(call.resource) if service.tells_home else None
    found = {}
    if parsed is not None and parsed.region.parts:
        found["aws:requestedregion"] = (parsed.region,)
    if parsed is not None and parsed.account.parts:
        found["aws:resourceaccount"] = (parsed.account,)
    return found


def _of_bucket(call: Call) -> Mapping[str, tuple[Text, ...]]:
    view = call.view
    name = arn.parse_s3(call.resource)
    bucket = bucket_named(view, name.bucket) if name is not None else None
    pseudo = view.resolver.pseudo
    found = {}
    if (bucket or call.need.is_copilots) and call.action != "s3:GetBucketLocation":
        found["aws:requestedregion"] = (pseudo("AWS::Region"),)
    if bucket is not None and bucket.place.file == view.file:
        for key in ("aws:resourceaccount", "s3:resourceaccount"):
            found[key] = (pseudo("AWS::AccountId"),)
    return found
