"""Copilot's packages as an organization has them: they differ in names, environments and hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from stacks.copilot import copilot_stack

_SERVICES = 10  # of an application
_ENVIRONMENTS = ("test", "staging", "prod", "prod-eu")


def copilot_packages(stacks: int) -> Iterator[tuple[str, str]]:
    """The files of so many stacks, each with its parameters: path and text.

    Every twentieth grants another version of its environment file (E9712); the others grant one
    version only, as Copilot does (W9713).
    """
    for number in range(stacks):
        service, place = divmod(number, len(_ENVIRONMENTS))
        app, environment = service // _SERVICES, _ENVIRONMENTS[place]
        workload = f"app{app}-svc{service}"
        template = copilot_stack(containers=1 + number % 3, statements=4, resources=3)
        hashed = hashlib.sha256(f"{workload} {environment}".encode()).hexdigest()
        file = f"arn:aws:s3:::app{app}-artifacts/manual/env-files/{workload}/{hashed}.env"
        if number % 20 == 0:
            stale = file.replace(hashed, hashed[::-1])
            template = template.replace("- !Ref EnvFileARN\n", f"- '{stale}'\n")
        values = {
            "AppName": f"app{app}",
            "EnvName": environment,
            "WorkloadName": workload,
            "ContainerImage": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{workload}:{number}",
            "ArtifactKeyARN": f"arn:aws:kms:eu-west-1:123456789012:key/{hashed[:8]}",
            "EnvFileARN": file,
        }
        path = f"app{app}/{workload}-{environment}"
        yield f"{path}.stack.yml", template
        yield f"{path}.params.json", json.dumps({"Parameters": values, "Tags": {"app": f"{app}"}})


def write(folder: Path, files: Iterator[tuple[str, str]]) -> None:
    """Writes files below a folder."""
    for name, text in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
