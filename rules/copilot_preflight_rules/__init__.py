"""The rules, one file and one page each. CATALOGUE is the only list, in catalogue order."""

from __future__ import annotations

from typing import Any, Final

from copilot_preflight.checks.rule import ELSEWHERE, Listed, Rule

CATALOGUE: Final[tuple[Listed, ...]] = (
    Listed("E9711", "env-file-denied", "denials"),
    Listed("E9712", "env-file-stale-grant", "denials"),
    Listed("W9713", "env-file-version-locked", "reads"),
    Listed("W9714", "env-file-bucket-denied", "denials"),
    Listed("E9715", "env-file-decrypt-denied", "denials"),
    Listed("E9716", "env-file-arn-invalid", "reads"),
    Listed("E9717", "env-file-unsupported", "reads"),
    Listed("W9718", "env-file-not-packaged"),
    Listed("W9719", "env-file-outdated", "reads"),
    Listed("W9720", "env-file-expires", "reads"),
    Listed("E9731", "execution-role-missing", "needs_without_role"),
    Listed("E9732", "role-not-assumable"),
    Listed("E9733", "grant-on-wrong-role", "denials"),
    Listed("E9734", "task-role-missing", "needs_without_role"),
    Listed("W9735", "credentials-overridden", "AWS::ECS::TaskDefinition"),
    Listed("E9741", "secret-denied", "denials needs_without_asks"),
    Listed("E9742", "image-pull-denied", "denials"),
    Listed("E9743", "log-delivery-denied", "denials"),
    Listed("E9744", "registry-credentials-denied", "denials needs_without_asks"),
    Listed("E9745", "firelens-config-denied", "denials needs_without_asks"),
    Listed("E9746", "exec-channel-denied", "denials"),
    Listed("E9747", "efs-mount-denied", "denials"),
    Listed("E9748", "required-call-denied", "denials"),
    Listed("E9751", "object-action-on-bucket-arn"),
    Listed("E9752", "bucket-action-on-object-arn"),
    Listed("W9753", "half-granted-pair"),
    Listed("W9754", "grant-too-broad"),
    Listed("E9755", "resource-never-matches"),
    Listed("I9756", "missing-object-looks-denied"),
    Listed("W9757", "half-granted-encryption", "denials"),
    Listed("E9761", "denied-by-bucket-policy", "denials"),
    Listed("E9762", "denied-by-key-policy", "denials"),
    Listed("E9763", "denied-by-boundary", "denials"),
    Listed("E9764", "denied-by-endpoint-policy", "refused_on_the_way"),
    Listed("W9764", "endpoint-policy-may-deny", "doubts"),
    Listed("E9765", "denied-by-organization-policy", "denials"),
    Listed("E9766", "denied-by-identity-policy", "denials"),
    Listed("E9771", "artifact-upload-denied", "denials"),
    Listed("E9772", "artifact-download-denied", "denials"),
    Listed("E9773", "artifact-encryption-denied", "denials"),
    Listed("W9774", "artifact-acl-rejected", "AWS::S3::Bucket AWS::CodePipeline::Pipeline"),
    Listed("I9790", "access-undetermined"),
    Listed("W9791", "unused-suppression", ELSEWHERE),
)
"""Each rule with what a template must have for it to say anything: the rest is not even loaded."""

RULES: tuple[Rule, ...]
"""The rules themselves, all loaded."""


def __getattr__(name: str) -> Any:
    if name == "RULES":
        return tuple(listed.load() for listed in CATALOGUE)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
