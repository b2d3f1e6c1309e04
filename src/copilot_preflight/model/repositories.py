"""ECR repositories: those of the run, their policies, and what is pulled through a cache.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html
and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-pullthroughcacherule.html
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.resolve.query import query
from copilot_preflight.resolve.value import text_of
from copilot_preflight.resolve.view import OPEN, View, index_of

_CACHE: Final = "AWS::ECR::PullThroughCacheRule"
_ANY_PREFIX: Final = "ROOT"
"""The prefix of a rule for every repository that has no other prefix.

Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html
"""


class Repository(NamedTuple):
    """A repository whose policy is known: of the run, or one whose policy was provided."""

    name: str
    place: Place
    arn: Text
    policy: tuple[Statement, ...]

    def __str__(self) -> str:
        return f"repository '{self.name}'"


def repository_with_arn(view: View, repository: Text) -> Repository | None:
    """The repository that certainly has an ARN, if its policy is known."""
    if (found := view.lookup(_by_arn, repository)) is not None:
        return found
    provided = view.run.outside.find(repository)
    if provided is None:
        if view.run.outside.account is None:
            return None
        from copilot_preflight.model.account_storage import repository_in_account

        found = repository_in_account(view, repository)
        return found and found._replace(policy=tuple(map(_about_itself, found.policy)))
    said = tuple(map(_about_itself, provided.statements))
    return Repository(provided.name, provided.document.place, repository, said)


@index_of("AWS::ECR::Repository")
def _by_arn(view: View) -> dict[Text, Repository]:
    return {repository.arn: repository for repository in reversed(repositories(view))}


@query
def repositories(view: View) -> tuple[Repository, ...]:
    """The repositories of a template in a scenario."""
    return tuple(_repositories(view))


def _repositories(view: View) -> Iterator[Repository]:
    resolver = view.resolver
    for logical_id, resource in view.resources("AWS::ECR::Repository"):
        policy = [
            _about_itself(statement)
            for properties in resource.children("Properties")
            for document in properties.children("RepositoryPolicyText")
            for statement in statements_of(document, logical_id)
        ]
        own = resolver.text({"Fn::GetAtt": [logical_id, "Arn"]}, resource.path)
        yield Repository(logical_id, resource.key_place, own, tuple(policy))


def _about_itself(statement: Statement) -> Statement:
    """A statement of a repository's policy, which has no Resource: it speaks of the repository.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html
    """
    if statement.resources or statement.not_resources:
        return statement
    return statement._replace(resources=(Entry(Text.of("*"), statement.place),))


def is_cache(view: View, repository: Text) -> bool:
    """Whether a repository certainly holds what a pull-through cache rule of the run brings in."""
    parsed = arn.parse(repository)
    if parsed is None or parsed.account.equals(_account(view)) is False:
        return False
    for other in view.holding(_by_prefix, _prefixes(parsed.resource)):
        for prefix in _by_prefix(other).values():
            if prefix.literal == _ANY_PREFIX:
                return not any(found.arn == repository for found in repositories(other))
            if match(Text.of("repository/", prefix, "/*"), parsed.resource):
                return True
    return False


@index_of(_CACHE)
def _by_prefix(view: View) -> dict[Hashable, Text]:
    """The prefixes of the rules that are there in any case: each by itself, if it is written out.

    They stand in the order of the template.
    """
    found: dict[Hashable, Text] = {}
    for _, resource in view.resources(_CACHE):
        for properties in resource.children("Properties"):
            prefix = text_of(properties, "EcrRepositoryPrefix")
            if prefix is not None and prefix.parts and not resource.guard:
                is_open = prefix.literal is None or prefix.has_wildcard()
                found.setdefault(prefix if is_open else prefix.literal, prefix)
                if is_open:
                    found.setdefault(OPEN, prefix)
    return found


def _prefixes(repository: Text) -> tuple[Hashable, ...]:
    """The keys of the rules that may bring in a repository: all that its name begins with."""
    known = repository.parts[0] if repository.parts else ""
    steps = known.split("/")[1:-1] if isinstance(known, str) else []
    return (_ANY_PREFIX, OPEN, *itertools.accumulate(steps, "{}/{}".format))


def _account(view: View) -> Text:
    return view.resolver.pseudo("AWS::AccountId")
