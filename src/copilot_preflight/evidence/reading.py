"""Files with answers of the account -> the account.

A file that cannot be used is a fault; the others count all the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Final, NamedTuple

from copilot_preflight.evidence import (
    collected,
    iam,
    index,
    networks,
    organization,
    stacks,
    storage,
)
from copilot_preflight.evidence.account import Account
from copilot_preflight.evidence.answers import Answer
from copilot_preflight.evidence.collected import Folder
from copilot_preflight.evidence.draft import Draft
from copilot_preflight.evidence.index import Entry, Index
from copilot_preflight.evidence.joining import account_of
from copilot_preflight.evidence.large import is_large, read_large
from copilot_preflight.evidence.secrets import without_secrets
from copilot_preflight.evidence.shapes import SUBJECTS, call_in, call_of, error_of
from copilot_preflight.evidence.subjects import Neighbours, neighbours_of, subject_of
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError

_SUFFIXES: Final = (".json", ".yml", ".yaml")

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

Reader = Callable[[Draft, Answer], None]

_READERS: Final[Mapping[str, Reader]] = {
    "iam get-account-authorization-details": iam.details,
    "iam get-role": iam.role,
    "iam list-roles": iam.roles,
    "iam get-role-policy": iam.inline_policy,
    "iam list-role-policies": iam.inline_names,
    "iam list-attached-role-policies": iam.attached,
    "iam list-role-tags": iam.role_tags,
    "iam get-policy": iam.policy,
    "iam get-policy-version": iam.policy_version,
    "iam list-policies": iam.policies,
    "organizations describe-policy": organization.policy,
    "organizations list-policies-for-target": organization.attached,
    "organizations list-parents": organization.parents,
    "organizations describe-organization": organization.organization,
    "s3api get-bucket-policy": storage.bucket_policy,
    "s3api get-bucket-encryption": storage.bucket_encryption,
    "s3api get-bucket-ownership-controls": storage.bucket_ownership,
    "s3api get-public-access-block": storage.public_access,
    "s3api get-bucket-location": storage.bucket_location,
    "s3api head-object": storage.stored_object,
    "kms get-key-policy": storage.key_policy,
    "kms describe-key": storage.key,
    "kms list-resource-tags": storage.key_tags,
    "kms list-aliases": storage.aliases,
    "ssm describe-parameters": storage.parameters,
    "ssm get-parameter": storage.parameter,
    "ssm list-tags-for-resource": storage.parameter_tags,
    "secretsmanager describe-secret": storage.secret,
    "secretsmanager list-secrets": storage.secrets,
    "secretsmanager get-resource-policy": storage.secret_policy,
    "ecr get-repository-policy": storage.repository_policy,
    "ecr describe-repositories": storage.repositories,
    "efs describe-file-system-policy": storage.file_system_policy,
    "efs describe-file-systems": storage.file_systems,
    "ec2 describe-vpc-endpoints": networks.endpoints,
    "ec2 describe-subnets": networks.subnets,
    "ec2 describe-route-tables": networks.route_tables,
    "cloudformation list-exports": stacks.exports,
    "cloudformation describe-stacks": stacks.described,
    "cloudformation describe-stack-resources": stacks.resources,
    "cloudformation list-stack-resources": stacks.resources,
    "cloudformation describe-stack-resource": stacks.resources,
    "cloudformation get-template": stacks.template,
    "ecs describe-task-definition": stacks.task_definition,
    "ecs describe-services": stacks.services,
}
"""Who takes in the answers of which call; the others say nothing that anybody asks here."""


class Evidence(NamedTuple):
    """The account, the documents that its records stand in, and what could not be used.

    ``others`` are files of folders that hold no answer that is read here.
    """

    account: Account
    documents: Mapping[str, Document]
    faults: Sequence[DocumentError] = ()
    others: Sequence[str] = ()


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The files of evidence that some files and folders stand for, in a stable order.

    Nothing of a folder that cannot be read.
    """
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if name.endswith(_SUFFIXES) and not name.startswith("."):
                    yield Path(folder, name)


def read(paths: Sequence[Path], read_document: document.Read = document.read) -> Evidence:
    """The account in some files and folders."""
    return _Reading(read_document).run(paths)


class _File(NamedTuple):
    """A file that may hold an answer; ``entry`` is what an index says of it."""

    path: Path
    document: Document
    entry: Entry | None
    of: Index
    is_named: bool


class _Reading:
    def __init__(self, read_document: document.Read) -> None:
        self._read = read_document
        self.faults: list[DocumentError] = []
        self.others: list[str] = []
        self.documents: dict[str, Document] = {}
        self.indexes: list[Index] = []
        self.taken: dict[str, float] = {}

    def run(self, paths: Sequence[Path]) -> Evidence:
        for path in paths:
            if not os.path.exists(path):
                self.faults.append(DocumentError(str(path), 0, 0, "no such file or folder"))
            elif os.path.isdir(path) and not any(files_of([path])):
                message = "no answer of the account in this folder or below it"
                self.faults.append(DocumentError(str(path), 0, 0, message))
        named = {os.path.realpath(path) for path in paths}
        loaded = [
            (path, found)
            for path in dict.fromkeys(files_of(paths))
            if os.path.exists(path) and (found := self._load(path)) is not None
        ]
        entries: dict[str, tuple[Entry, Index]] = {}
        errors: list[tuple[Entry, Index, Document]] = []
        answers: list[tuple[Path, Document]] = []
        folders = collected.folders_in(loaded)
        for path, found in loaded:
            if path.parent in folders:
                continue
            if path.name != index.NAME:
                answers.append((path, found))
                continue
            self._index(path, found, entries, errors)
        files = []
        for path, found in answers:
            entry, of = entries.get(os.path.realpath(path), (None, Index()))
            files.append(_File(path, found, entry, of, os.path.realpath(path) in named))
        found_answers = sorted(self._answers(files, errors), key=lambda it: -it.taken)
        draft = Draft(iam.accounts_of(it.data for it in found_answers if not it.error))
        for folder, of_one in folders.items():
            self._collected(draft, folder, of_one)
        for answer in found_answers:
            reader = _READERS.get(answer.call)
            if reader is not None:
                try:
                    reader(draft, answer)
                except DocumentError as fault:
                    self.faults.append(fault)
                except (KeyError, TypeError, AttributeError, ValueError):
                    message = f"this is not what 'aws {answer.call}' answers"
                    self.faults.append(answer.fault((), message))
        account = account_of(draft, self.indexes, self.taken)
        return Evidence(account, self.documents, self.faults, self.others)

    def _collected(self, draft: Draft, path: Path, folder: Folder) -> None:
        """Takes in a folder of iam-collect."""
        try:
            is_read = collected.read(draft, folder)
        except DocumentError as fault:
            self.faults.append(fault)
            is_read = True
        except (TypeError, AttributeError, ValueError):
            self.faults.append(folder.files["metadata"].fault((), "no folder of iam-collect"))
            is_read = True
        for found in folder.files.values():
            if is_read:
                self.taken[found.file] = _time_of(path / Path(found.file).name)
            else:
                del self.documents[found.file]

    def _load(self, path: Path) -> Document | None:
        try:
            of_file = read_large if is_large(path) else self._read
            found = without_secrets(of_file(path, str(path)))
        except DocumentError as fault:
            self.faults.append(fault)
            return None
        self.documents[found.file] = found
        return found

    def _index(
        self,
        path: Path,
        found: Document,
        entries: dict[str, tuple[Entry, Index]],
        errors: list[tuple[Entry, Index, Document]],
    ) -> None:
        folder = os.path.realpath(path.parent)
        try:
            of = index.index_in(found, folder)
        except DocumentError as fault:
            self.faults.append(fault)
            return
        self.indexes.append(of)
        if of.taken is not None:
            self.taken[found.file] = of.taken
        for entry in of.entries:
            if entry.error:
                errors.append((entry, of, found))
            elif entry.file:
                entries[os.path.realpath(entry.file)] = (entry, of)

    def _answers(
        self, files: Sequence[_File], errors: Iterable[tuple[Entry, Index, Document]]
    ) -> Iterator[Answer]:
        """The answers in files, with whom each is about, and the errors of indexes."""
        calls = [self._call(it) for it in files]
        near = neighbours_of(
            (call, it.path, it.document.data) for it, call in zip(files, calls, strict=True) if call
        )
        for it, call in zip(files, calls, strict=True):
            code = error_of(it.document.data)
            if call and (not code or _is_none(call, code)):
                answer = self._answer(it, call, near, code)
                if answer is not None:
                    yield answer
        for entry, of, found in errors:
            if _is_none(entry.call, entry.error) and _names_whom(entry):
                region = entry.region or of.region
                yield Answer(
                    entry.call, found, PurePath(found.file), of.taken or 0.0, entry.parameters,
                    of.account, of.partition, region, entry.error, True, entry.place,
                )  # fmt: skip

    def _call(self, file: _File) -> str:
        """The call that a file is the answer to; ``""`` for a file that is none."""
        named = file.entry.call if file.entry is not None else call_in(file.path)
        if error_of(file.document.data):
            return named
        found = call_of(file.document.data, named)
        if not found:
            if file.is_named:
                message = "no answer of the AWS CLI that is read here"
                self.faults.append(file.document.fault((), message))
            else:
                self.others.append(file.document.file)
            del self.documents[file.document.file]
        return found

    def _answer(self, file: _File, call: str, near: Neighbours, code: str) -> Answer | None:
        known = dict(file.entry.parameters) if file.entry is not None else {}
        parameter = SUBJECTS.get(call, "")
        data = file.document.data
        if parameter:
            subject = subject_of(call, file.path, data, known, near)
            if not subject:
                message = (
                    f"whose answer to 'aws {call}' is this? Name the file or its folder after it"
                )
                self.faults.append(file.document.fault((), message))
                return None
            known[parameter] = subject
        taken = file.of.taken if file.entry is not None else None
        taken = _time_of(file.path) if taken is None else taken
        self.taken[file.document.file] = taken
        of = file.of
        region = (file.entry.region if file.entry is not None else "") or of.region
        return Answer(
            call, file.document, file.path, taken, known or _NOTHING,
            of.account, of.partition, region, code, file.entry is not None,
        )  # fmt: skip


def _names_whom(entry: Entry) -> bool:
    """Whether an entry says whom its error is about."""
    parameter = SUBJECTS.get(entry.call, "")
    return not parameter or bool(entry.parameters.get(parameter))


def _is_none(call: str, code: str) -> bool:
    """Whether an error is the answer that there is none."""
    if call == "iam get-role":
        return code in ("NoSuchEntity", "NoSuchEntityException")
    return code in index.NONE_THERE.get(call, ())


def _time_of(path: Path) -> float:
    """When a file was written, in seconds since 1970."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
