"""Random policies, judged once more by a few lines that know nothing of templates."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from tests.mutations.edits import drop_policies
from tests.mutations.harness import KEY, EnvFile, Found, Site, Stack, check, own_stacks

COPILOT: Final = own_stacks()[0]

ACTIONS: Final = (
    "s3:GetObject",
    "s3:getobject",
    "s3:Get*",
    "s3:GetObject*",
    "s3:GetBucketLocation",
    "s3:GetBucket*",
    "s3:*",
    "*",
    "s3:ListBucket",
    "s3:PutObject",
    "kms:Decrypt",
    "kms:*",
    "kms:De*",
    "kms:Encrypt",
    "logs:*",
)
RESOURCES: Final = (
    "<object>",
    "<bucket>",
    "<bucket>/*",
    "<bucket>*",
    "<bucket>/manual/*",
    "<bucket>/manual/env-files/*/*",
    "<bucket>/elsewhere/*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::*/*.env",
    "arn:aws:s3:::another/*",
    "arn:aws-cn:s3:::*",
    "<stale>",
    "*",
    KEY,
    "arn:aws:kms:*:*:key/*",
    "arn:aws:kms:us-west-2:111122223333:key/another",
    "arn:aws:kms:eu-west-1:*:key/*",
)
CONDITIONS: Final = {"": True, "true": True, "false": False}
"""A value for aws:SecureTransport, and whether the condition holds."""


class Rule(NamedTuple):
    effect: str
    not_actions: bool
    actions: tuple[str, ...]
    not_resources: bool
    resources: tuple[str, ...]
    secure: str

    def __str__(self) -> str:
        action = "NotAction" if self.not_actions else "Action"
        resource = "NotResource" if self.not_resources else "Resource"
        condition = (
            f", Condition: {{Bool: {{aws:SecureTransport: '{self.secure}'}}}}"
            if self.secure
            else ""
        )
        return (
            f"- {{Effect: {self.effect}, {action}: {list(self.actions)},"
            f" {resource}: {list(self.resources)}{condition}}}"
        )

    def speaks_of(self, action: str, resource: str, site: Site) -> bool:
        acts = any(matches(a.lower(), action.lower()) for a in self.actions)
        names = any(matches(site.filled(r), resource) for r in self.resources)
        return (
            acts is not self.not_actions
            and names is not self.not_resources
            and CONDITIONS[self.secure]
        )


def matches(pattern: str, text: str) -> bool:
    spelt = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    return re.fullmatch(spelt, text) is not None


def drawn(dice: random.Random) -> Rule:
    return Rule(
        effect="Allow" if dice.random() < 0.75 else "Deny",
        not_actions=dice.random() < 0.1,
        actions=tuple(dice.sample(ACTIONS, dice.choice((1, 1, 2)))),
        not_resources=dice.random() < 0.1,
        resources=tuple(dice.sample(RESOURCES, dice.choice((1, 1, 2, 3)))),
        secure=dice.choice(("", "", "", "true", "false")),
    )


def is_allowed(rules: list[Rule], action: str, resource: str, site: Site) -> bool:
    """IAM in two lines: no Deny speaks of the call, and some Allow does."""
    effects = {rule.effect for rule in rules if rule.speaks_of(action, resource, site)}
    return effects == {"Allow"}


def with_policy(site: Site, statements: list[str]) -> Site:
    """The stack with one policy of the execution role in the place of all."""
    drop_policies(site)
    managed = site.stack.role.block(r"^ +ManagedPolicyArns:")
    assert managed is not None
    site.before(
        managed,
        "Policies:\n  - PolicyName: Drawn\n    PolicyDocument:\n      Statement:\n"
        + "\n".join(f"      {statement}" for statement in statements),
    )
    return site


OBJECT, LOCATE, DECRYPT = "s3:GetObject", "s3:GetBucketLocation", "kms:Decrypt"
DENIALS: Final = {"E9711": OBJECT, "E9712": OBJECT, "E9733": OBJECT, "E9715": DECRYPT}
"""The rules about single calls. E9766 tells all that a Deny covers, in one finding."""


def denied_calls(found: list[Found]) -> set[str]:
    """The calls that findings at a file say are denied."""
    calls = {DENIALS[f.rule] for f in found if f.rule in DENIALS}
    refused = [f.message for f in found if f.rule == "E9766"]
    return calls | {call for call in (OBJECT, DECRYPT) for it in refused if f"{call} on" in it}


def told(rules: list[Rule], stack: Stack, file: EnvFile, folder: Path) -> dict[str, bool]:
    """Whether the linter lets the three calls for a file pass."""
    site = with_policy(Site(stack, file), list(map(str, rules)))
    site.parameters.update({f.said.removeprefix("!Ref "): "" for f in stack.files if f is not file})
    value = site.number("value", file)
    found = check(site, folder)
    at_value = {f.rule for f in found if f.line == value}
    assert "I9790" not in at_value, "everything is known here"
    seen_from = {f.rule for f in found if value in f.related}
    denied = denied_calls([f for f in found if f.line == value])
    return {
        OBJECT: OBJECT not in denied and "E9751" not in seen_from,
        LOCATE: "W9714" not in at_value and "E9752" not in seen_from,
        DECRYPT: DECRYPT not in denied,
    }


@pytest.mark.parametrize("seed", range(100))
def test_random_policies_are_judged_as_iam_would(seed: int, tmp_path: Path) -> None:
    """Every call that IAM denies is told, and no call that it allows."""
    dice = random.Random(seed)
    file = dice.choice(COPILOT.files)
    rules = [drawn(dice) for _ in range(dice.randrange(1, 7))]
    site = Site(COPILOT, file)
    answers = told(rules, COPILOT, file, tmp_path)
    may_read = is_allowed(rules, "s3:GetObject", file.arn, site)
    assert answers["s3:GetObject"] is may_read, list(map(str, rules))
    assert answers["kms:Decrypt"] is is_allowed(rules, "kms:Decrypt", KEY, site)
    if may_read:  # else the finding on the file shows both statements
        bucket = f"arn:aws:s3:::{file.bucket}"
        may_locate = is_allowed(rules, "s3:GetBucketLocation", bucket, site)
        assert answers["s3:GetBucketLocation"] is may_locate, list(map(str, rules))


UNKNOWN: Final = (
    "!Ref EnvFileARN",
    "!Ref EnvFileARNForproxy",
    "!Sub '${EnvFileARN}*'",
    "!Sub 'arn:${AWS::Partition}:s3:::known/*'",
    "!Sub 'arn:${AWS::Partition}:s3:::known/web.env'",
    "!Select [0, !Split ['/', !Ref EnvFileARN]]",
    "!Join ['', [!Select [0, !Split ['/', !Ref EnvFileARN]], '/*']]",
    "!Sub 'arn:aws:s3:::${AppName}/*'",
    "!If [HasEnvFileForproxy, !Ref EnvFileARNForproxy, '*']",
    "!Ref ArtifactKeyARN",
    "'arn:aws:s3:::known/*.env'",
    "'arn:aws:s3:::*/*'",
    "'*'",
)
VALUES: Final = (
    "arn:aws:s3:::known/web.env",
    "arn:aws:s3:::known/deep/er/web.env",
    "arn:aws:s3:::my-app/web.env",
    f"arn:aws:s3:::other/manual/env-files/web.env/{'0f1c' * 16}.env",
)


def drawn_unknown(dice: random.Random) -> str:
    effect = "Allow" if dice.random() < 0.7 else "Deny"
    action = dice.choice(ACTIONS)
    resources = ", ".join(dice.sample(UNKNOWN, dice.choice((1, 1, 2))))
    return f"- {{Effect: {effect}, Action: '{action}', Resource: [{resources}]}}"


@pytest.mark.parametrize("seed", range(15))
def test_what_is_proved_without_values_holds_for_every_value(seed: int, tmp_path: Path) -> None:
    """A denial in all scenarios stays one, and silence stays silence, whatever is filled in."""
    dice = random.Random(seed)
    file = COPILOT.files[0]
    site = with_policy(
        Site(COPILOT, file), [drawn_unknown(dice) for _ in range(dice.randrange(1, 5))]
    )
    value = site.number("value", file)
    unknown = [f for f in check(site, tmp_path, blind=True) if f.line == value]
    denied = denied_calls(unknown)
    certain = denied_calls([f for f in unknown if " when " not in f.message])
    for own in VALUES:
        for other in (*VALUES, ""):
            site.parameters.update({"EnvFileARN": own, "EnvFileARNForproxy": other})
            known = denied_calls([f for f in check(site, tmp_path) if f.line == value])
            assert certain <= known, (own, other)
            if not denied and not unknown:
                assert not known, (own, other, site.text)
