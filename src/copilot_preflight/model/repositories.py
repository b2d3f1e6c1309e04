"""ECR repositories: those of the run, their policies, and what is pulled through a cache.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html
and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-pullthroughcacherule.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Place
from copilot_preflight.base.symbolic import Text, match
from copilot_preflight.iam import arn
from copilot_preflight.iam.policy import Entry, Statement
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.resolve.scenario import ANY, Scenario
from copilot_preflight.resolve.stack import Run, Stack
from copilot_preflight.resolve.value import text_of

_ANY_PREFIX: Final = "ROOT"
"""The prefix of a rule for every repository that has no other prefix.

Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html
"""


class Repository(NamedTuple):
    """A repository whose policy is known: of the run, or one whose policy was handed over."""

    name: str
    place: Place
    arn: Text
    policy: tuple[Statement, ...]

    def __str__(self) -> str:
        return f"repository '{self.name}'"


def repository_with_arn(
    run: Run, stack: Stack, scenario: Scenario, repository: Text
) -> Repository | None:
    """The repository that certainly has an ARN, if its policy is known."""
    for other in run.around(stack):
        seen = scenario if other is stack else ANY
        for found in repositories(other, seen):
            if found.arn == repository:
                return found
    provided = run.outside.find(repository)
    if provided is None:
        return None
    said = tuple(map(_about_itself, provided.statements))
    return Repository(provided.name, provided.document.place, repository, said)


def repositories(stack: Stack, scenario: Scenario) -> tuple[Repository, ...]:
    """The repositories of a template in a scenario."""
    return stack.memo(("repositories", scenario), lambda: tuple(_repositories(stack, scenario)))


def _repositories(stack: Stack, scenario: Scenario) -> Iterator[Repository]:
    resolver = stack.resolver(scenario)
    for logical_id, resource in stack.resources("AWS::ECR::Repository", scenario):
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


def is_cache(stack: Stack, scenario: Scenario, repository: Text) -> bool:
    """Whether a repository certainly holds what a pull-through cache rule of the run brings in."""
    parsed = arn.parse(repository)
    if parsed is None or parsed.account.equals(_account(stack, scenario)) is False:
        return False
    for other in stack.run.around(stack):
        seen = scenario if other is stack else ANY
        for _, resource in other.resources("AWS::ECR::PullThroughCacheRule", seen):
            for properties in resource.children("Properties"):
                prefix = text_of(properties, "EcrRepositoryPrefix")
                if prefix is None or not prefix.parts or resource.guard:
                    continue
                if prefix.literal == _ANY_PREFIX:
                    return not any(found.arn == repository for found in repositories(other, seen))
                if match(Text.of("repository/", prefix, "/*"), parsed.resource):
                    return True
    return False


def _account(stack: Stack, scenario: Scenario) -> Text:
    return stack.resolver(scenario).pseudo("AWS::AccountId")
