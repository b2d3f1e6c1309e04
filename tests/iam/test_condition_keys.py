"""Keys of which it is certain that a call goes without them."""

from __future__ import annotations

import pytest

from copilot_preflight.iam.condition_keys import never_sent

ALL = ["s3:prefix", "s3:delimiter", "s3:max-keys", "s3:x-amz-acl", "s3:x-amz-storage-class"]
"""Three keys of listings, two of uploads."""


@pytest.mark.parametrize(
    ("action", "keys"),
    [
        ("s3:GetObject", ALL),
        ("S3:getobjectversion", ALL),
        ("s3:GetBucketLocation", ALL),
        ("s3:GetEncryptionConfiguration", ALL),
        ("s3:ListBucket", ALL[3:]),
        ("s3:PutObject", ALL[:3]),
        ("s3:DeleteObject", []),
        ("kms:Decrypt", []),
    ],
)
def test_keys_that_a_call_never_carries(action: str, keys: list[str]) -> None:
    """A read has none of listings and uploads; of a call that is not listed, nothing is said."""
    sent = never_sent(action)
    assert [key for key in ALL if key in sent] == keys
    assert set(sent.values()) <= {()}


def test_a_reader_may_send_a_key_of_encryption() -> None:
    """Whoever reads may bring a key: that is not among what a read goes without."""
    assert "s3:x-amz-server-side-encryption-customer-algorithm" not in never_sent("s3:GetObject")
    assert "s3:x-amz-server-side-encryption" in never_sent("s3:GetObject")
