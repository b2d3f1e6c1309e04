"""Condition keys that some calls never carry, whoever makes them.

A key that is not in the reference's row of an action is not sent with it: what an upload asks for
is not asked by a read. Only keys of requests are listed whose rows were read; what a request may
carry after all, as a reader's own encryption key, is not among them.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from copilot_preflight.base.symbolic import Text

Context = Mapping[str, tuple[Text, ...]]

_OF_LISTINGS: Final = ("s3:delimiter", "s3:max-keys", "s3:prefix")
_OF_UPLOADS: Final = (
    "s3:object-lock-legal-hold",
    "s3:object-lock-mode",
    "s3:object-lock-remaining-retention-days",
    "s3:object-lock-retain-until-date",
    "s3:x-amz-acl",
    "s3:x-amz-copy-source",
    "s3:x-amz-grant-full-control",
    "s3:x-amz-grant-read",
    "s3:x-amz-grant-read-acp",
    "s3:x-amz-grant-write",
    "s3:x-amz-grant-write-acp",
    "s3:x-amz-metadata-directive",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-storage-class",
    "s3:x-amz-website-redirect-location",
)


def _without(*keys: str) -> Context:
    return MappingProxyType(dict.fromkeys(keys, ()))


_NOTHING: Final = _without()
_NO_UPLOAD: Final = _without(*_OF_UPLOADS)
_NO_LISTING: Final = _without(*_OF_LISTINGS)
_NEITHER: Final = _without(*_OF_LISTINGS, *_OF_UPLOADS)

_NEVER_SENT: Final[Mapping[str, Context]] = {
    "s3:getobject": _NEITHER,
    "s3:getobjectversion": _NEITHER,
    "s3:getbucketlocation": _NEITHER,
    "s3:getencryptionconfiguration": _NEITHER,
    "s3:listbucket": _NO_UPLOAD,
    "s3:putobject": _NO_LISTING,
}


def never_sent(action: str) -> Context:
    """The keys that a call never carries, in small letters, each with the values of none: ``()``.

    ``never_sent("s3:GetObject")["s3:prefix"]`` is ``()``. A policy that compares such a key for
    being another holds: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    return _NEVER_SENT.get(action.lower(), _NOTHING)
