"""W9774: an ACL for a bucket that has turned ACLs off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import removed
from copilot_preflight.model.pipelines import acls_disabled, disabled_by, pipelines
from copilot_preflight.resolve.view import View

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Help

_FULL_CONTROL: Final = "bucket-owner-full-control"
_GRANTING: Final = frozenset(
    {"PublicRead", "PublicReadWrite", "AuthenticatedRead", "LogDeliveryWrite"}
)
"""The values of AccessControl that let in somebody else than the owner of the bucket."""

_PAGE: Final = (
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-ownership-error-responses.html"
)


@rule(
    "W9774", "artifact-acl-rejected", "Bucket rejects the ACL: its ACLs are disabled", fix="review"
)
def artifact_acl_rejected(analysis: Analysis) -> Iterator[Finding]:
    yield from _deployed(analysis.view)
    yield from _made(analysis.view)


def _deployed(view: View) -> Iterator[Finding]:
    for pipeline in pipelines(view):
        for action in pipeline.actions:
            acl = action.setting("CannedACL")
            value = action.setting_value("CannedACL")
            is_deployment = (action.category, action.provider) == ("Deploy", "S3")
            known = acl.literal if acl is not None else None
            if not is_deployment or value is None or not known or known == _FULL_CONTROL:
                continue
            disabled = acls_disabled(view, action.setting("BucketName"))
            if disabled is not None:
                yield _finding(
                    value.place,
                    f"{action} of {pipeline} puts objects with the ACL '{known}' into bucket "
                    f"'{action.setting('BucketName')}', which has ACLs disabled: "
                    "S3 answers 400 AccessControlListNotSupported",
                    disabled.place,
                    advice.help_with(
                        "take CannedACL out: the owner of the bucket owns every object in it; "
                        f"who else may read them, its bucket policy says ({_PAGE})",
                        edits=[removed(value.place, "take CannedACL out")],
                    ),
                )


def _made(view: View) -> Iterator[Finding]:
    for logical_id, resource in view.resources("AWS::S3::Bucket"):
        properties = resource.child("Properties")
        acl = properties.child("AccessControl") if properties is not None else None
        known = acl.text().literal if acl is not None else None
        if properties is None or acl is None or known not in _GRANTING:
            continue
        disabled = disabled_by(properties)
        if disabled is not None:
            yield _finding(
                acl.place,
                f"bucket '{logical_id}' asks for the ACL {known} and has ACLs disabled: "
                "S3 answers 400 InvalidBucketAclWithObjectOwnership",
                disabled.place,
                advice.help_with(
                    "take AccessControl out and say in a bucket policy who else gets in, or set "
                    f"ObjectOwnership to BucketOwnerPreferred ({_PAGE})",
                    edits=[removed(acl.place, "take AccessControl out")],
                ),
            )


def _finding(at: Place, message: str, disabled: Place, help: Help) -> Finding:
    return Finding(
        at=at,
        message=message,
        label="the bucket takes no ACL",
        related=(Related(disabled, "this disables ACLs"),),
        cause="acls-disabled",
        help=help.text,
        remedy=help,
    )
