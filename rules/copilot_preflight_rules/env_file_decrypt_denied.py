"""E9715: the environment file is encrypted with a KMS key that the role may not use."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight import advice, diagnosis
from copilot_preflight.analysis import Analysis
from copilot_preflight.calls import DECRYPT
from copilot_preflight.finding import Finding, Related
from copilot_preflight.rule import rule


@rule("E9715", "env-file-decrypt-denied", "Execution role may not decrypt the env file")
def env_file_decrypt_denied(analysis: Analysis) -> Iterator[Finding]:
    for denied in analysis.denials_of(DECRYPT):
        key = denied.call.request.resource
        encryption = denied.read.encryption
        cause = denied.cause
        seen = cause.entry or cause.statement
        explicit = cause.kind == diagnosis.EXPLICIT_DENY
        related = [Related(denied.call.role.place, "the role that ECS downloads with")]
        if encryption is not None and encryption.place != denied.read.file.value.place:
            related.append(Related(encryption.place, "what encrypts the object"))
        if seen is not None:
            what = "the Deny" if explicit else "what is granted instead"
            related.insert(0, Related(seen.place, what))
        yield denied.finding(
            f"the environment file of {denied.read.container} is SSE-KMS encrypted and execution "
            f"{denied.call.role} may not kms:Decrypt '{key}'",
            label="encrypted: reading it takes kms:Decrypt",
            related=related,
            help="take the key out of the Deny statement"
            if explicit
            else f"add to {advice.where(denied.read)}:\n" + advice.statement(DECRYPT, str(key)),
        )
