"""E9715: the environment file is encrypted with a KMS key that the role may not use."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access import cause as diagnosis
from copilot_preflight.base.finding import Finding, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import denials as telling
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.slips import slips
from copilot_preflight.needs.env_files import DECRYPT, ENV_FILE


@rule("E9715", "env-file-decrypt-denied", "Execution role may not decrypt the env file", fix="safe")
def env_file_decrypt_denied(analysis: Analysis) -> Iterator[Finding]:
    for group in telling.alike(analysis.denials_of(ENV_FILE, DECRYPT)):
        denied = group[0]
        key = denied.call.resource
        encryption = denied.read.encryption
        cause = denied.cause
        seen = cause.entry or cause.statement
        related = [Related(denied.call.role.place, "the role that ECS downloads with")]
        if encryption is not None and encryption.place != denied.read.file.value.place:
            related.append(Related(encryption.place, "what encrypts the object"))
        why = ""
        if cause.kind == diagnosis.UNMET_CONDITION:
            why = f": {telling.reason(denied)}"
        if seen is not None:
            related.insert(0, Related(seen.place, "what is granted instead"))
        others = [Related(other.need.place, "so is this file") for other in group[1:]]
        containers = telling.enumeration(
            list(dict.fromkeys(str(each.read.container) for each in group))
        )
        files = "file of {} is" if len(group) == 1 else "files of {} are"
        yield denied.finding(
            f"the environment {files.format(containers)} SSE-KMS encrypted and execution "
            f"{denied.call.role} may not kms:Decrypt '{key}'{why}",
            label="encrypted: reading it takes kms:Decrypt",
            related=[*related, *others],
            help=advice.granted(
                denied.call,
                advice.grant(advice.policy_of(denied.call), DECRYPT, advice.key_of(denied.call)),
                words="add to",
                edits=slips(group),
            ),
        )
