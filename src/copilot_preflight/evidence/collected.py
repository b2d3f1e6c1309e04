"""The folders of iam-collect, which keep one folder for each thing and one file for each fact.

``accounts/<account>/<service>/.../<thing>/`` holds a ``metadata.json`` with the ARN, and next to it
what else there is. What is empty has no file. For roles, which come out of one answer, that means
that there is nothing; a missing policy of anything else may as well have been refused.

Source: https://github.com/cloud-copilot/iam-collect, docs/Storage.md and src/syncs
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import Place
from copilot_preflight.evidence.documents import policy_at
from copilot_preflight.evidence.draft import Draft
from copilot_preflight.evidence.index import text_of
from copilot_preflight.evidence.levels import RCP, SCP
from copilot_preflight.evidence.parts import account_of, maps_at, region_of
from copilot_preflight.evidence.records import Attachment, Policy
from copilot_preflight.evidence.storage import encryption_of, own_key
from copilot_preflight.read.document import Document

_METADATA: Final = "metadata.json"


class Folder(NamedTuple):
    """A folder about one thing: its files by their names without the suffix."""

    arn: str
    files: Mapping[str, Document]

    @property
    def metadata(self) -> Mapping[str, Any]:
        data = self.files["metadata"].data
        return data if isinstance(data, dict) else {}

    @property
    def place(self) -> Place:
        return Place(self.files["metadata"].file, ())

    def policy(self, name: str, title: str = "") -> Policy | None:
        """The policy in a file, None where there is none. Raises DocumentError."""
        found = self.files.get(name)
        return None if found is None else policy_at(found, (), title)

    def tags(self) -> Mapping[str, str]:
        """Tags as iam-collect keeps them, a map of strings."""
        found = self.files.get("tags")
        data = found.data if found is not None else None
        items = data.items() if isinstance(data, dict) else ()
        return {str(key): str(value) for key, value in items}


def folders_in(loaded: Iterable[tuple[Path, Document]]) -> Mapping[Path, Folder]:
    """The folders of iam-collect among some files, by their paths."""
    by_folder: dict[Path, dict[str, Document]] = {}
    for path, found in loaded:
        by_folder.setdefault(path.parent, {})[path.stem] = found
    found_folders = {}
    for path, files in by_folder.items():
        metadata = files.get("metadata")
        arn = text_of(metadata.data, "arn") if metadata is not None else ""
        if arn.startswith("arn:"):
            found_folders[path] = Folder(arn, files)
    return found_folders


def read(draft: Draft, folder: Folder) -> bool:
    """Takes in a folder; False for one of nothing that is read here. Raises DocumentError."""
    pieces = folder.arn.split(":", 5)
    kind = (pieces[2], pieces[5].partition("/")[0].partition(":")[0]) if len(pieces) == 6 else ()
    reader = _READERS.get(kind) or (_bucket if kind[:1] == ("s3",) else None)
    if reader is None or (reader is _bucket and "/" in pieces[5]):
        return False
    reader(draft, folder)
    return True


def _role(draft: Draft, folder: Folder) -> None:
    name = text_of(folder.metadata, "name") or folder.arn.rpartition("/")[2]
    role = draft.role(name, account_of(folder.arn), folder.place)
    trust = folder.policy("trust-policy")
    role.describe(folder.arn, text_of(folder.metadata, "id"), folder.place, trust)
    boundary = text_of(folder.metadata, "permissionBoundary", "permissionsBoundary")
    at = folder.place._replace(path=("permissionBoundary",))
    role.describe_wholly(Attachment(boundary, at) if boundary else None, folder.tags())
    inline = folder.files.get("inline-policies")
    names = []
    if inline is not None and not isinstance(inline.data, list):
        raise TypeError("no policies")
    for number, raw in enumerate(inline.data if inline is not None else ()):
        names.append(text_of(raw, "PolicyName"))
        if inline is not None:
            document = policy_at(inline, (number, "PolicyDocument"), names[-1])
            role.inline.setdefault(names[-1], document)
    role.list_inline(tuple(names))
    managed = folder.files.get("managed-policies")
    if managed is not None and not _is_list_of_texts(managed.data):
        raise TypeError("no ARNs of policies")
    role.list_attached(
        tuple(
            Attachment(str(arn), Place(managed.file, (number,)))
            for number, arn in enumerate(managed.data)
        )
        if managed is not None
        else ()
    )


def _is_list_of_texts(data: Any) -> bool:
    return isinstance(data, list) and all(isinstance(it, str) for it in data)


def _managed_policy(draft: Draft, folder: Folder) -> None:
    name = folder.arn.rpartition("/")[2]
    found = draft.policy(name, folder.arn, account_of(folder.arn), folder.place)
    version = text_of(folder.metadata, "defaultVersionId")
    found.default = found.default or version
    if (document := folder.policy("current-policy", name)) is not None:
        found.add(version, document, is_default=True)


def _bucket(draft: Draft, folder: Folder) -> None:
    name = folder.arn.rpartition(":")[2]
    account = _account_in(folder)
    region = text_of(folder.metadata, "region")
    policy = folder.policy("policy")
    rules = folder.files.get("encryption")
    listed = list(maps_at({"Rules": rules.data}, ("Rules",))) if rules is not None else []
    encryption = None
    if rules is not None and len(listed) == 1:
        encryption = encryption_of(rules, (0,), listed[0][1])
    draft.bucket(name, folder.place, account, policy=policy, encryption=encryption, region=region)


def _account_in(folder: Folder) -> str:
    """The account by the path of a folder, for ARNs of buckets, which name none."""
    parts = Path(folder.files["metadata"].file).parts
    before = [after for at, after in itertools.pairwise(parts) if at == "accounts"]
    return before[-1] if before else ""


def _key(draft: Draft, folder: Folder) -> None:
    draft.key(folder.arn, folder.place, policy=folder.policy("policy"), tags=folder.tags())


def _secret(draft: Draft, folder: Folder) -> None:
    name, key = text_of(folder.metadata, "name"), own_key(text_of(folder.metadata, "kmsKey"))
    policy = folder.policy("policy")
    draft.secret(folder.arn, name, folder.place, key=key, policy=policy, tags=folder.tags())


def _repository(draft: Draft, folder: Folder) -> None:
    name = folder.arn.partition(":repository/")[2]
    account, region = account_of(folder.arn), region_of(folder.arn)
    policy = folder.policy("policy")
    draft.repository(name, folder.place, account, region, arn=folder.arn, policy=policy)


def _file_system(draft: Draft, folder: Folder) -> None:
    draft.file_system(folder.arn, folder.place, policy=folder.policy("policy"))


def _organization_policy(draft: Draft, folder: Folder) -> None:
    name = text_of(folder.metadata, "name")
    if (document := folder.policy("policy", name)) is not None:
        draft.organization_policies.setdefault(folder.arn.rpartition("/")[2], document)


def _organization(draft: Draft, folder: Folder) -> None:
    """The tree of the organization: whose policies limit which account."""
    draft.management = draft.management or text_of(folder.metadata, "rootAccountId")
    root = text_of(folder.metadata, "rootOu")
    for file, above in (("ous", "parent"), ("accounts", "ou")):
        found = folder.files.get(file)
        data = found.data if found is not None else None
        for name, raw in data.items() if isinstance(data, dict) else ():
            if not isinstance(raw, dict):
                continue
            parent = text_of(raw, above)
            if parent:
                draft.parents.setdefault(str(name), (parent, "ROOT" if parent == root else "OU"))
            for key, kind in (("scps", SCP), ("rcps", RCP)):
                listed = raw.get(key)
                if isinstance(listed, list):
                    names = tuple(str(arn).rpartition("/")[2] for arn in listed)
                    draft.targets.setdefault((str(name), kind), names)


_READERS: Final[Mapping[tuple[str, ...], Callable[[Draft, Folder], None]]] = {
    ("iam", "role"): _role,
    ("iam", "policy"): _managed_policy,
    ("kms", "key"): _key,
    ("secretsmanager", "secret"): _secret,
    ("ecr", "repository"): _repository,
    ("elasticfilesystem", "file-system"): _file_system,
    ("organizations", "organization"): _organization,
    ("organizations", "policy"): _organization_policy,
}
