"""Secrets of Secrets Manager and parameters of SSM that are in the run: keys, tags, policies.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.keys import key_arn
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.model.tags import listed_tags
from copilot_preflight.resolve.outside import ProvidedPolicy
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import OPEN, View, index_of

SUFFIX_LENGTH: Final = 6
_SUFFIX: Final = lazy_pattern(rf"-[A-Za-z0-9]{{{SUFFIX_LENGTH}}}")
_POLICY: Final = "AWS::SecretsManager::ResourcePolicy"
_MANAGED_KEY: Final = "alias/aws/secretsmanager"


class Secret(NamedTuple):
    """A secret of the run. ``arn`` ends in the six characters that Secrets Manager adds.

    ``key`` is the ARN of the customer key, None for the key that AWS manages and where the key
    cannot be known; ``undecided`` is an open condition that decides it. ``tags`` are those of the
    resource that are certain: the stack's own tags come on top, but take the place of none. They
    are all that there are where ``has_all_tags``.
    """

    logical_id: str
    place: Place
    arn: Text
    tags: Mapping[str, Text]
    key: Text | None = None
    undecided: str = ""
    has_all_tags: bool = False


class Parameter(NamedTuple):
    """A parameter of SSM; its ``tags`` are as those of a `Secret`.

    ``key`` is the ARN of the customer key of one outside the run: CloudFormation makes none with
    a key.
    """

    place: Place
    arn: Text
    tags: Mapping[str, Text]
    key: Text | None = None
    has_all_tags: bool = False


# --- ARNs ----------------------------------------------------------------------------------------


def complete_arn(partial: Text) -> Text:
    """The ARN on which access to a secret is decided, from one that may lack its suffix.

    A hyphen and six characters at its end make Secrets Manager take an ARN for a complete one,
    even if they are the end of a name, as in ``app-secret``.
    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html
    """
    ends = has_suffix(partial)
    if ends:
        return partial
    about = partial.identity
    if ends is None:
        return Text.of(partial, Hole("suffix if any", about, excludes=":*?/"))
    return Text.of(partial, "-", _suffix(about))


def _suffix(of: str) -> Hole:
    return Hole("suffix", of, arn.NAME_EXCLUDES, nonempty=True, length=SUFFIX_LENGTH)


def has_suffix(secret: Text) -> bool | None:
    """Whether an ARN ends as Secrets Manager ends them; None where a hole hides it."""
    if not secret.parts:
        return False
    last = secret.parts[-1]
    if isinstance(last, Hole):
        before = secret.parts[-2] if len(secret.parts) > 1 else ""
        is_own = last.length == SUFFIX_LENGTH and isinstance(before, str) and before[-1:] == "-"
        return True if is_own else None
    if len(last) > SUFFIX_LENGTH:
        return _SUFFIX.fullmatch(last[-SUFFIX_LENGTH - 1 :]) is not None
    return None if last.isalnum() and last.isascii() and secret.literal is None else False


def parameter_arn(view: View, name: Text) -> Text:
    """The ARN of the stack's own parameter of a name: a leading slash is that of the ARN.

    Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
    """
    first = name.parts[0] if name.parts else ""
    if isinstance(first, str):
        rest = Text.of(name) if first.startswith("/") else Text.of("/", name)
    elif first.unique or "/" in first.excludes:
        rest = Text.of("/", name)
    else:  # a name that may begin with a slash, or not
        hole = Hole(f"{name} without its slash", name.identity, excludes=":*?", nonempty=True)
        rest = Text.of("/", hole)
    return view.own_arn("ssm", "parameter", rest)


def secret_arn(view: View, name: Text) -> Text:
    """The ARN, without its suffix, of the stack's own secret of a name."""
    return view.own_arn("secretsmanager", "secret:", name)


# --- what is in the run --------------------------------------------------------------------------


def secret_with_arn(view: View, secret: Text) -> Secret | None:
    """The secret of the run that certainly has an ARN, be it complete or without its suffix."""
    return view.lookup(_by_arn, secret)


def parameter_with_arn(view: View, name: Text) -> Parameter | None:
    """The SSM parameter of the run that certainly has an ARN."""
    return view.lookup(_parameters_by_arn, name)


@index_of("AWS::SSM::Parameter")
def _parameters_by_arn(view: View) -> dict[Text, Parameter]:
    return {parameter.arn: parameter for parameter in reversed(_parameters(view))}


@index_of("AWS::SecretsManager::Secret")
def _by_arn(view: View) -> dict[Text, Secret]:
    """Secrets by their ARNs, with the suffix and without."""
    found: dict[Text, Secret] = {}
    for secret in _secrets(view):
        found.setdefault(secret.arn, secret)
        partial = without_suffix(secret.arn)
        if not has_suffix(partial):
            found.setdefault(partial, secret)
    return found


def without_suffix(secret: Text) -> Text:
    """The ARN without the hole for its suffix; the ARN itself where that is written out."""
    if has_suffix(secret) and isinstance(secret.parts[-1], Hole):
        before = secret.parts[-2]
        return Text.of(*secret.parts[:-2], str(before)[:-1])
    return secret


def _secrets(view: View) -> Iterator[Secret]:
    resolver = view.resolver
    for logical_id, resource in view.resources("AWS::SecretsManager::Secret"):
        properties = resource.child("Properties")
        own = resolver.text({"Ref": logical_id}, resource.path)
        secret = Secret(logical_id, resource.key_place, own, {})
        if properties is not None:
            raw = properties.raw.get("KmsKeyId") if isinstance(properties.raw, dict) else None
            secret = secret._replace(
                tags=dict(listed_tags(properties)),
                key=_key(view, properties),
                undecided=resolver.open_condition(raw),
            )
        yield secret


def _key(view: View, properties: Value) -> Text | None:
    """The ARN of the customer key; where a hole is all that is known of it, that hole."""
    given = properties.child("KmsKeyId")
    if given is None:
        return None
    reference = given.text()
    known = reference.literal
    if known is not None and (not known or known.endswith(_MANAGED_KEY)):
        return None
    key = key_arn(view, reference)
    return key if key is not None and key.parts else None


@query
def _parameters(view: View) -> tuple[Parameter, ...]:
    resolver = view.resolver
    found = []
    for logical_id, resource in view.resources("AWS::SSM::Parameter"):
        name = resolver.text({"Ref": logical_id}, resource.path)
        properties = resource.child("Properties")
        tags = properties.child("Tags") if properties is not None else None
        is_map = tags is not None and isinstance(tags.raw, dict) and not tags.is_opaque
        items = tags.items() if tags is not None and is_map else ()
        own = {key: value.text() for key, value in items if len(list(value.variants())) == 1}
        address = parameter_arn(view, name)
        found.append(Parameter(resource.key_place, address, own))
    return tuple(found)


def tags_of_copilot(view: View, parameter: Text) -> Mapping[str, Text]:
    """The tags that ``copilot secret init`` gives to a parameter of the name that it makes up.

    Nothing where the name, ``/copilot/<app>/<env>/secrets/<secret>``, is not one for the
    application and environment of the stack, or the stack is no workload of Copilot's.
    Source: https://github.com/aws/copilot-cli/blob/v1.33.2/internal/pkg/cli/secret_init.go
    """
    stack = view.stack
    if not all(map(stack.declares, ("AppName", "EnvName", "WorkloadName"))):
        return {}
    owners = [view.resolver.parameter(name) for name in ("AppName", "EnvName")]
    named = view.own_arn("ssm", "parameter/copilot/", owners[0], "/", owners[1])
    pieces, complete = parameter.split("/")
    if not complete or len(pieces) != 6 or pieces[4].literal != "secrets" or not pieces[5].parts:
        return {}
    begins = Text.of(*(part for piece in pieces[:4] for part in (piece, "/")))
    if not begins.equals(Text.of(named, "/")):
        return {}
    return {"copilot-application": owners[0], "copilot-environment": owners[1]}


# --- resource policies ---------------------------------------------------------------------------


def secret_policy(view: View, secret: Text) -> list[Statement]:
    """The statements of policies for a secret, of the run or provided.

    Those that may be for another secret are open.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html
    """
    found: list[Statement] = []
    if (provided := _handed(view.run, secret)) is not None:
        found += provided.statements
    elif secret_with_arn(view, secret) is None:
        found += _in_account(view, secret) or ()
    is_ours = secret_with_arn(view, secret) is not None
    for other in _views_with_policies(view, secret, is_ours):
        for owner, statements in _policies(other):
            same = owner in (secret, without_suffix(secret)) or complete_arn(owner).equals(secret)
            if same:
                found += statements
            elif same is None and not is_ours:
                condition = f"{owner} = {secret}"
                found += (s._replace(conditions=(*s.conditions, condition)) for s in statements)
    return found


def _views_with_policies(view: View, secret: Text, is_ours: bool) -> Iterator[View]:
    """The views with policies that are, or may be, for a secret; one of ours has none but its own.

    A template of which nothing is known but that it has policies is found by walking over all.
    """
    if is_ours:
        return view.holding(_by_owner, (secret, without_suffix(secret)))
    names = _names(secret)
    return view.holding(_by_owner, (*names, OPEN)) if names else view.having(_POLICY)


@index_of(_POLICY)
def _by_owner(view: View) -> dict[Hashable, None]:
    """By the secrets that they are for, the templates with policies."""
    found: dict[Hashable, None] = {}
    for owner, _ in _policies(view):
        found |= dict.fromkeys((owner, complete_arn(owner), *(_names(owner) or (OPEN,))))
    return found


def _names(secret: Text) -> tuple[str, ...]:
    """The names, of which one is shared by ARNs that may be the same; none where any may be.

    An ARN may lack its suffix, or have a hole for it, where another one has it.
    """
    parsed = arn.parse(secret)
    name, *rest = parsed.resource.parts if parsed is not None else ("",)
    if not isinstance(name, str):
        return ()
    if not rest:
        bare = name[: -SUFFIX_LENGTH - 1]
        return (name, bare) if f"{bare}-" == name[:-SUFFIX_LENGTH] else (name,) if name else ()
    is_suffix = len(rest) == 1 and isinstance(rest[0], Hole) and rest[0].length == SUFFIX_LENGTH
    return (name[:-1],) if is_suffix and name.endswith("-") else ()


def is_secret_known(view: View, secret: Text) -> bool:
    """Whether all is known that a secret's policy says: it is the run's, provided or answered."""
    return (
        secret_with_arn(view, secret) is not None
        or _handed(view.run, secret) is not None
        or _in_account(view, secret) is not None
    )


def _in_account(view: View, secret: Text) -> tuple[Statement, ...] | None:
    """The policy of a secret of the account, None where it has not been answered."""
    if view.run.outside.account is None:
        return None
    from copilot_preflight.model.account_storage import secret_policy_in_account

    return secret_policy_in_account(view, secret)


def _handed(run: Run, secret: Text) -> ProvidedPolicy | None:
    if not run.outside.policies:
        return None
    return run.outside.find(secret) or run.outside.find(without_suffix(secret))


@query
def _policies(view: View) -> tuple[tuple[Text, tuple[Statement, ...]], ...]:
    return tuple(_read(view))


def _read(view: View) -> Iterator[tuple[Text, tuple[Statement, ...]]]:
    for logical_id, resource in view.resources(_POLICY):
        for properties in resource.children("Properties"):
            for secret in properties.children("SecretId"):
                owner = secret.text()
                if owner.literal is not None and arn.parse(owner) is None:
                    owner = secret_arn(view, owner)
                for document in properties.children("ResourcePolicy"):
                    yield owner, statements_of(document, logical_id)
