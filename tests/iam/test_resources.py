"""Resource ARNs are read as AWS's pages say, and open where those say nothing or contradict."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.amount import examples
from tests.iam.test_evaluate import statement

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam.arn import name_hole
from copilot_preflight.iam.evaluate import Outcome, Request, covers_resource, evaluate
from copilot_preflight.iam.policy import Entry, Fact, Principal
from copilot_preflight.iam.resources import covers, is_plain

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
WILDCARDS = _GUIDE + "reference_policies_elements_resource.html"
ARNS = _GUIDE + "reference-arns.html"

QUEUE = "arn:aws:sqs:us-east-1:111122223333:q1"
OBJECT = "arn:aws:s3:::b/k"
LOGS = "arn:aws:logs:eu-west-1:111122223333:log-group:/web:log-stream:x"


@pytest.mark.parametrize(
    ("pattern", "target", "verdict"),
    [
        # A star that ends a segment may expand beyond the colons.
        ("*", QUEUE, True),
        ("arn:*", QUEUE, True),
        ("arn:aws:sqs:*", QUEUE, True),
        ("arn:aws:logs:*:log-group:/web:*", LOGS, True),
        ("arn:aws:logs:eu-*:log-group:/web:*", LOGS, True),
        # Five segments: whether the star runs on, or a sixth segment is added, no page says.
        ("arn:aws:sqs:*:q1", QUEUE, None),
        ("arn:*:b/k", OBJECT, None),
        ("arn:aws:s3:**", OBJECT, True),
        # Within a segment, a wildcard is free.
        ("arn:aws:sqs:u*1:111122223333:q1", QUEUE, True),
        ("arn:aws:sqs:us-?ast-1:*:q?", QUEUE, True),
        ("arn:aws:sqs:*-1:111122223333:q1", QUEUE, True),
        # Any other that would have to run over a colon: the page does not grant it.
        ("arn:aws:sqs:u*3:q1", QUEUE, None),
        ("arn:aws:sqs:u*q1", QUEUE, None),
        ("arn:aws:s3:*/k", OBJECT, None),
        ("arn:aws:s3??:b/k", OBJECT, None),
        ("arn:aws:s3:?:b/k", OBJECT, None),
        ("arn:aws:sqs:u*2:q1", QUEUE, False),
        # The colons of the resource part no segments.
        ("arn:aws:logs:eu-west-1:111122223333:log*x", LOGS, True),
        ("arn:aws:logs:*:111122223333:log-group:/w*x", LOGS, True),
        ("arn:aws:logs:*:111122223333:log-group?/web:*", LOGS, True),
        ("arn:aws:s3:::b/*.env", "arn:aws:s3:::b/a:b.env", True),
    ],
)
def test_wildcards_and_colons(pattern: str, target: str, verdict: bool | None) -> None:
    """A page of S3 says that no wildcard spans segments; IAM's own page grants it to one."""
    for is_identity_based in (True, False):
        found = covers(Text.of(pattern), Text.of(target), is_identity_based=is_identity_based)
        assert found is verdict, WILDCARDS


@pytest.mark.parametrize(
    ("pattern", "target", "verdict"),
    [
        ("arn:aws:s3", OBJECT, True),
        ("arn:aws", OBJECT, True),
        ("arn:aws:sqs", QUEUE, True),
        ("arn:aws:sqs:us-east-1", QUEUE, True),
        ("arn:aws:sqs:us-east-1:111122223333", QUEUE, True),
        ("arn:aws:sqs:us-*", QUEUE, True),
        ("arn:aws:s3::", OBJECT, True),
        ("arn:aws:sq", QUEUE, False),
        ("arn:aws:sqs", OBJECT, False),
        ("arn:aws-cn:s3", OBJECT, False),
        ("arn:aws:sqs:us-east-1:444455556666", QUEUE, False),
        # These have all six segments, or are no ARN.
        ("arn:aws:s3:::", OBJECT, False),
        ("arn:aws:s3:::b", "arn:aws:s3:::b:c", False),
        ("b", "b:c", False),
        ("arn", OBJECT, False),
    ],
)
def test_incomplete_arns(pattern: str, target: str, verdict: bool) -> None:
    """Identity-based policies: completed with stars. Of other policies the page says nothing."""
    one, other = Text.of(pattern), Text.of(target)
    assert covers(one, other, is_identity_based=True) is verdict, ARNS
    elsewhere = covers(one, other, is_identity_based=False)
    # A star that ends the pattern runs on by itself, whatever the policy.
    by_itself = verdict if pattern.endswith("*") else None
    assert elsewhere is (by_itself if verdict else False), ARNS


@pytest.mark.parametrize("service", ["s3", "sqs"])
def test_an_incomplete_arn_allows_and_denies(service: str) -> None:
    """The page's own example, `arn:aws:sqs`; a Deny of `arn:aws:s3` is not missed."""
    target = {"s3": OBJECT, "sqs": QUEUE}[service]
    whole = statement("Allow", ["*"], [f"arn:aws:{service}"])
    asked = Request(f"{service}:Get", Text.of(target))
    assert evaluate([whole], asked).outcome is Outcome.ALLOWED
    denied = [statement("Allow", ["*"], ["*"]), whole._replace(effect="Deny")]
    assert evaluate(denied, asked).outcome is Outcome.EXPLICIT_DENY
    entries = whole.resources
    inverse = statement("Allow", ["*"], [], not_resources=entries)
    assert evaluate([inverse], asked).outcome is Outcome.IMPLICIT_DENY


def test_what_aws_does_not_say_is_told_as_such() -> None:
    """The missing fact names the ARN."""
    asked = Request("sqs:SendMessage", Text.of(QUEUE))
    crossing = statement("Allow", ["*"], ["arn:aws:sqs:u*3:q1"])
    fact = Fact("fact", "how AWS reads 'arn:aws:sqs:u*3:q1'")
    assert covers_resource(crossing, asked) == (None, (fact,), "")
    someone = Principal("AWS", Entry(Text.of("*"), crossing.place))
    incomplete = statement("Allow", ["*"], ["arn:aws:sqs"], principals=(someone,))
    fact = Fact("fact", "how AWS reads 'arn:aws:sqs'")
    assert covers_resource(incomplete, asked) == (None, (fact,), "")


PARTITION, REGION = name_hole("AWS::Partition"), name_hole("AWS::Region")
ANYTHING = Hole("Anything")


@pytest.mark.parametrize(
    ("pattern", "target", "verdict"),
    [
        (("arn:", PARTITION, ":s3"), ("arn:", PARTITION, ":s3:::b/k"), True),
        (("arn:", PARTITION, ":s3"), ("arn:", PARTITION, ":sqs:::b/k"), False),
        (("arn:aws:s3", ANYTHING), (OBJECT,), None),
        # Filled with "", it is incomplete, and covers what its text alone could not.
        (("arn:aws:s3", Hole("No colon", excludes=":*?")), (OBJECT,), None),
        (("arn:aws:", Hole("S", excludes="*?"), "s3"), (OBJECT,), None),
        ((BUCKET := name_hole("Bucket"), "/k"), (OBJECT,), False),
        # No ARN, whatever the name is, so none with segments that are missing.
        ((BUCKET,), (OBJECT,), False),
        (("arn:aws:sqs:u*1:", REGION, ":q"), ("arn:aws:sqs:u1:", REGION, ":q"), True),
        (("arn:aws:sqs:u*1:", REGION), ("arn:aws:sqs:u1:2:3:1:", REGION), None),
        (("arn:aws:sqs:", ANYTHING, "*b"), ("arn:aws:sqs:", ANYTHING, "ab"), True),
        (("arn:aws:sqs:x*b:", "1:q"), ("arn:aws:sqs:x", ANYTHING, "b:1:q"), None),
        (("arn:aws:sqs:x*b:", "1:q"), ("arn:aws:sqs:x", REGION, "b:1:q"), True),
        (
            ("arn:aws:s3:::", BUCKET, "/*.env"),
            ("arn:aws:s3:::", BUCKET, "/", ANYTHING, ".env"),
            True,
        ),
    ],
)
def test_what_is_not_known_of_arns(
    pattern: tuple[str | Hole, ...], target: tuple[str | Hole, ...], verdict: bool | None
) -> None:
    """Holes may bring colons, and so make an ARN whole, or run a wildcard over one."""
    assert covers(Text.of(*pattern), Text.of(*target), is_identity_based=True) is verdict


# --- properties -----------------------------------------------------------------------------------

arns = st.lists(st.text("ab/", max_size=2), min_size=5, max_size=6).map(
    lambda segments: "arn:" + ":".join(segments)
)
patterns = st.lists(st.text("ab*?", max_size=3), max_size=6).map(
    lambda segments: ":".join(["arn", *segments])
) | st.text("a:*?", max_size=6)


def by_the_page(pattern: str, target: str, *, is_identity_based: bool) -> bool | None:
    """What AWS says of whole ARNs and of incomplete ones; None where it would have to say more."""
    missing = 5 - pattern.count(":")
    if not pattern.startswith("arn:") or missing <= 0:
        return by_pattern(pattern, target)
    readings = {by_pattern(pattern, target), by_pattern(pattern + ":*" * missing, target)}
    if is_identity_based and by_pattern(pattern + ":*" * missing, target):
        return True
    return readings.pop() if len(readings) == 1 else None


def by_pattern(pattern: str, target: str) -> bool | None:
    """Regular expressions for what is granted, and for what is possible at most."""
    granted = possible = ""
    for index, character in enumerate(pattern):
        inner = pattern[:index].count(":") < 5 and pattern[index + 1 : index + 2] not in (
            "",
            ":",
            "*",
        )
        single = pattern[:index].count(":") < 5
        granted += {"*": "[^:]*" if inner else ".*", "?": "[^:]" if single else "."}.get(
            character, re.escape(character)
        )
        possible += {"*": ".*", "?": "."}.get(character, re.escape(character))
    if re.fullmatch(granted, target):
        return True
    return None if re.fullmatch(possible, target) else False


@settings(max_examples=examples(400), deadline=None)
@given(patterns, arns, st.booleans())
def test_known_arns_are_read_by_the_page(
    pattern: str, target: str, is_identity_based: bool
) -> None:
    """Against regular expressions, whatever the wildcards and the number of segments."""
    found = covers(Text.of(pattern), Text.of(target), is_identity_based=is_identity_based)
    assert found is by_the_page(pattern, target, is_identity_based=is_identity_based)
    if is_plain(pattern):
        assert found is not None


FILLS = {Hole("Free"): ["", ":", "a", "a:b", "*", "b:*"], Hole("Name", excludes=":/*?"): ["a", "b"]}
_PARTS: list[str | Hole] = ["arn:", "arn:a:b:", "a", "b:", ":", "*", "?", "::", *FILLS]
texts = st.lists(st.sampled_from(_PARTS), max_size=6).map(lambda parts: Text.of("arn:", *parts))


@settings(max_examples=examples(400), deadline=None)
@given(texts, texts, st.booleans(), st.data())
def test_answers_in_spite_of_holes_hold_of_every_filling(
    pattern: Text, target: Text, is_identity_based: bool, data: st.DataObject
) -> None:
    """What is definite of ARNs with holes is so of all that can fill them."""
    found = covers(pattern, target, is_identity_based=is_identity_based)
    if found is None:
        return
    values = {hole: data.draw(st.sampled_from(fills)) for hole, fills in FILLS.items()}
    one, other = (
        Text.of(*(values[p] if isinstance(p, Hole) else p for p in text.parts))
        for text in (pattern, target)
    )
    assume(str(other).count(":") >= 5)  # a request is about an ARN
    assert covers(one, other, is_identity_based=is_identity_based) in (found, None)
