"""The rules, one file and one page each. CATALOGUE is the only list, in catalogue order."""

from __future__ import annotations

from typing import Any, Final

from copilot_preflight.checks.rule import Rule, RuleEntry

CATALOGUE: Final[tuple[RuleEntry, ...]] = (
    RuleEntry("E9711", "env-file-denied", ("denials",)),
    RuleEntry("E9712", "env-file-stale-grant", ("denials",)),
    RuleEntry("W9713", "env-file-version-locked", ("reads",)),
    RuleEntry("W9714", "env-file-bucket-denied", ("denials",)),
    RuleEntry("E9715", "env-file-decrypt-denied", ("denials",)),
    RuleEntry("E9716", "env-file-arn-invalid", ("invalid_reads",)),
    RuleEntry("E9717", "env-file-unsupported", ("reads",)),
    RuleEntry("W9718", "env-file-not-packaged", ("manifest",)),
    RuleEntry("W9719", "env-file-outdated", ("reads_of_manifest",)),
    RuleEntry("W9720", "env-file-expires", ("reads_of_known_buckets",)),
    RuleEntry("E9731", "execution-role-missing", ("needs_without_role",)),
    RuleEntry("E9732", "role-not-assumable"),
    RuleEntry("E9733", "grant-on-wrong-role", ("denials",)),
    RuleEntry("E9734", "task-role-missing", ("needs_without_role",)),
    RuleEntry(
        "W9735",
        "credentials-overridden",
        resources=("AWS::ECS::TaskDefinition", "AWS::ECS::ExpressGatewayService"),
    ),
    RuleEntry("E9736", "infrastructure-role-denied", ("denials",)),
    RuleEntry("E9737", "reference-unknown", ("unknown_references",)),
    RuleEntry("E9741", "secret-denied", ("denials", "needs_without_calls")),
    RuleEntry("E9742", "image-pull-denied", ("denials", "refused_pulls")),
    RuleEntry("E9743", "log-delivery-denied", ("denials",)),
    RuleEntry("E9744", "registry-credentials-denied", ("denials", "needs_without_calls")),
    RuleEntry("E9745", "firelens-config-denied", ("denials", "needs_without_calls")),
    RuleEntry("E9746", "exec-channel-denied", ("denials",)),
    RuleEntry("E9747", "efs-mount-denied", ("denials",)),
    RuleEntry("E9748", "required-call-denied", ("denials",)),
    RuleEntry(
        "E9749",
        "task-launch-denied",
        ("denials", "needs_without_role"),
        (
            "AWS::Events::Rule",
            "AWS::Scheduler::Schedule",
            "AWS::Pipes::Pipe",
            "AWS::StepFunctions::StateMachine",
            "AWS::Serverless::StateMachine",
        ),
    ),
    RuleEntry("W9750", "policy-version-missing"),
    RuleEntry("E9751", "object-action-on-bucket-arn", ("object_mismatches",)),
    RuleEntry("E9752", "bucket-action-on-object-arn", ("bucket_mismatches",)),
    RuleEntry("W9753", "half-granted-pair"),
    RuleEntry("W9754", "grant-too-broad"),
    RuleEntry("E9755", "resource-never-matches"),
    RuleEntry("I9756", "missing-object-looks-denied"),
    RuleEntry("W9757", "half-granted-encryption", ("denials",)),
    RuleEntry("W9758", "action-unknown"),
    RuleEntry(
        "E9759",
        "managed-policy-unknown",
        resources=("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"),
    ),
    RuleEntry("E9761", "denied-by-bucket-policy", ("denials",)),
    RuleEntry("E9762", "denied-by-key-policy", ("denials",)),
    RuleEntry("E9763", "denied-by-boundary", ("denials",)),
    RuleEntry("E9764", "denied-by-endpoint-policy", ("refused_on_the_way",)),
    RuleEntry("W9764", "endpoint-policy-may-deny", ("possible_denials",)),
    RuleEntry("E9765", "denied-by-organization-policy", ("denials",)),
    RuleEntry("E9766", "denied-by-identity-policy", ("denials",)),
    RuleEntry("E9771", "artifact-upload-denied", ("denials",)),
    RuleEntry("E9772", "artifact-download-denied", ("denials",)),
    RuleEntry("E9773", "artifact-encryption-denied", ("denials",)),
    RuleEntry(
        "W9774",
        "artifact-acl-rejected",
        resources=("AWS::S3::Bucket", "AWS::CodePipeline::Pipeline"),
    ),
    RuleEntry("E9775", "pipeline-call-denied", ("denials",)),
    RuleEntry("W9776", "build-output-denied", ("denials",)),
    RuleEntry("E9781", "rollout-strands-revision", ("stranded",)),
    RuleEntry("W9782", "rollout-may-strand-revision", ("stranded",)),
    RuleEntry("W9783", "grant-not-awaited", ("unawaited",)),
    RuleEntry("E9784", "override-does-not-apply", ("overrides",)),
    RuleEntry("W9785", "override-position-dependent", ("overrides",)),
    RuleEntry("W9786", "override-replaces-silently", ("overrides",)),
    RuleEntry("W9787", "account-differs", ("drifts",)),
    RuleEntry("I9790", "access-undetermined"),
    RuleEntry("W9791", "unused-suppression", is_last=True),
)
"""Each rule with what a template must have for it to say anything: the rest is not even loaded."""

RULES: tuple[Rule, ...]
"""The rules themselves, all loaded."""


def __getattr__(name: str) -> Any:
    if name == "RULES":
        return tuple(listed.load() for listed in CATALOGUE)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
