"""A configuration file: its keys, checked, with the place of everything that is wrong.

Its shape is that of data/schemas/config.schema.json; what a schema cannot know is checked here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from copilot_preflight.base import globs
from copilot_preflight.base.finding import EXTERNAL, DataPath, Place, Severity
from copilot_preflight.base.globs import Globs
from copilot_preflight.config.settings import (
    ConfigError,
    Setting,
    Settings,
    by_rule,
    named,
    no_rule,
)
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read import document, jsonpath, schema
from copilot_preflight.read.document import Document, DocumentError
from copilot_preflight.resolve.outside import ProvidedBucket, Requirement
from copilot_preflight.resolve.scenario import spelt
from copilot_preflight.run.severities import SeverityLayer

if TYPE_CHECKING:
    from copilot_preflight.run.options import Options

_SCHEMA: Final = Path(__file__).parents[1] / "data" / "schemas" / "config.schema.json"

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""

_MAY_BE_ARN: Final = re.compile(r"\*$|arn:|\{\}|\$\{")


@cache
def published() -> Mapping[str, Any]:
    """The JSON Schema of the file."""
    loaded: Mapping[str, Any] = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    return loaded


def read(file: str) -> tuple[Document, dict[DataPath, Setting]]:
    """A configuration file, and what it says. Raises ConfigError."""
    try:
        config = document.read(file)
    except DocumentError as fault:
        raise ConfigError([fault]) from None
    faults = list(schema.faults(config, published()))
    if not faults:
        reader = _Reader(config)
        settings = dict(reader.settings())
        faults = reader.faults
    if faults:
        raise ConfigError(sorted(faults, key=lambda fault: (fault.line, fault.column)))
    return config, settings


class BucketSetting(NamedTuple):
    """What is said of a bucket; ``key`` is None where nothing is, ``""`` for no key to ask for."""

    key: str | None
    bucket_key: bool | None
    policy: str


class Suppressed(NamedTuple):
    rules: tuple[str, ...]
    files: Globs | None
    path: str
    reason: str
    until: str


class _Reader:
    """Reads what has the right shape. What is wrong all the same ends up in ``faults``."""

    def __init__(self, found: Document) -> None:
        self.faults: list[DocumentError] = []
        self._found = found
        self._folder = os.path.dirname(found.file)  # as shown: what is named in the file lies there

    def settings(self) -> Iterator[tuple[DataPath, Setting]]:
        read = {
            "select": self._rules, "ignore": self._rules, "params": self._params,
            "scps": self._levels, "rcps": self._levels, "paths": self._paths,
            "require": self._requirements, "suppress": self._suppressed,
            "severity": self._severity, "parameters": self._parameter, "policies": self._policy,
            "buckets": self._bucket, "account": self._account, "baseline": self._beside,
            "exclude": self._patterns, "evidence": self._params,
        }  # fmt: skip
        for key, value in self._found.data.items():
            if isinstance(value, dict):
                for name, item in value.items():
                    path = (key, name)
                    yield path, Setting(read[key](item, path), Place(self._found.file, path))
            else:
                plain = read[key](value, (key,)) if key in read else value
                yield (key,), Setting(plain, Place(self._found.file, (key,)))

    # --- values ------------------------------------------------------------------------------

    def _rules(self, value: Any, path: DataPath) -> tuple[str, ...]:
        names = []
        for text, where in _each(value, path):
            for name in filter(None, map(str.strip, text.split(","))):
                self._check_rule(name, where)
                names.append(name)
        return tuple(names)

    def _check_rule(self, name: str, path: DataPath, *, key: bool = False) -> None:
        if not named([name]):
            self._refuse(path, no_rule(name), key=key)

    def _severity(self, value: Any, path: DataPath) -> Severity | None:
        self._check_rule(str(path[-1]), path, key=True)
        return _level(value)

    def _account(self, value: Any, _path: DataPath) -> str:
        return str(value)

    def _parameter(self, value: Any, _path: DataPath) -> str:
        return spelt(value)

    def _params(self, value: Any, path: DataPath) -> tuple[str, ...]:
        return tuple(self._file(text, where) for text, where in _each(value, path))

    def _levels(self, value: Any, path: DataPath) -> tuple[tuple[str, ...], ...]:
        return tuple(self._params(level, (*path, n)) for n, level in enumerate(value))

    def _policy(self, value: Any, path: DataPath) -> str:
        from copilot_preflight.run.policy_files import NO_POLICY, is_policy_name

        if not is_policy_name(str(path[-1])):
            message = (
                f"'{path[-1]}' is no name or ARN of a managed policy, bucket or key, nor the ARN "
                "of a secret, repository or file system"
            )
            self._refuse(path, message, key=True)
        return value if value == NO_POLICY else self._file(value, path)

    def _bucket(self, value: Any, path: DataPath) -> BucketSetting:
        if not _BUCKET.fullmatch(str(path[-1])):
            self._refuse(path, f"'{path[-1]}' is no name of a bucket", key=True)
        key, policy = value.get("encryption-key"), value.get("policy", "")
        is_file = policy not in ("", "none")
        return BucketSetting(
            "" if key == "none" else key,
            value.get("bucket-key"),
            self._file(policy, (*path, "policy")) if is_file else policy,
        )

    def _beside(self, value: Any, _path: DataPath) -> str:
        return os.path.normpath(os.path.join(self._folder, value))

    def _file(self, value: str, path: DataPath) -> str:
        found = self._beside(value, path)
        if not os.path.exists(found):
            self._refuse(path, f"no such file: '{found}'")
        return found

    # --- lists of maps -----------------------------------------------------------------------

    def _paths(self, value: Any, path: DataPath) -> tuple[SeverityLayer, ...]:
        return tuple(self._layer(item, (*path, n)) for n, item in enumerate(value))

    def _layer(self, item: Any, path: DataPath) -> SeverityLayer:
        select = self._rules(item.get("select", ()), (*path, "select"))
        ignore = self._rules(item.get("ignore", ()), (*path, "ignore"))
        levels = {
            name: self._severity(value, (*path, "severity", name))
            for name, value in item.get("severity", {}).items()
        }
        return SeverityLayer(
            self._globs(item, path),
            frozenset(rule.id for rule in named(select)) if select else None,
            frozenset(rule.id for rule in named(ignore)),
            by_rule(levels),
        )

    def _requirements(self, value: Any, path: DataPath) -> tuple[Requirement, ...]:
        return tuple(self._requirement(item, (*path, n)) for n, item in enumerate(value))

    def _requirement(self, item: Any, path: DataPath) -> Requirement:
        from copilot_preflight.resolve.template import SUB_VARIABLE

        resource = item["resource"]
        if not _MAY_BE_ARN.match(resource):
            self._refuse((*path, "resource"), f"must be an ARN, found '{resource}'")
        if "${" in SUB_VARIABLE.sub("", resource):
            self._refuse((*path, "resource"), "'${' is not closed")
        if "{}" in resource and "at" not in item:
            message = "'{}' needs 'at', a JSONPath to the values that it stands for"
            self._refuse((*path, "resource"), message)
        return Requirement(
            Place(self._found.file, path),
            item["action"],
            resource,
            self._jsonpath(item.get("at", ""), (*path, "at")),
            item.get("role", "task"),
            item.get("because", ""),
            self._globs(item, path),
        )

    def _suppressed(self, value: Any, path: DataPath) -> tuple[Suppressed, ...]:
        return tuple(self._suppression(item, (*path, n)) for n, item in enumerate(value))

    def _suppression(self, item: Any, path: DataPath) -> Suppressed:
        from copilot_preflight.run.suppress.suppression import is_date, rule_id_of

        until = item.get("until", "")
        if until and not is_date(until):
            self._refuse((*path, "until"), f"'{until}' is no date")
        rules = self._rules(item["rule"], (*path, "rule"))
        at = self._jsonpath(item.get("path", ""), (*path, "path"))
        ids = tuple(rule_id_of(name) or name.upper() for name in rules)  # or the beginning of ids
        return Suppressed(ids, self._globs(item, path), at, item["reason"], until)

    def _jsonpath(self, expression: str, path: DataPath) -> str:
        if expression:
            try:
                jsonpath.check(expression)
            except ValueError as error:
                self._refuse(path, str(error))
        return expression

    def _globs(self, item: Any, path: DataPath) -> Globs | None:
        return self._patterns(item["files"], (*path, "files")) if "files" in item else None

    def _patterns(self, value: Any, path: DataPath) -> Globs:
        patterns = []
        for text, where in _each(value, path):
            patterns.append(text)
            if wrong := globs.fault_of(text):
                self._refuse(where, wrong)
        return Globs(os.path.realpath(self._folder or os.curdir), tuple(patterns))

    def _refuse(self, path: DataPath, message: str, *, key: bool = False) -> None:
        start = self._found.span(path, key=key).start
        self.faults.append(DocumentError(self._found.file, start.line, start.column, message))


def _each(value: Any, path: DataPath) -> Iterator[tuple[str, DataPath]]:
    """The strings of a list, or the one that stands for a list of one."""
    if isinstance(value, str):
        yield value, path
    else:
        yield from ((item, (*path, index)) for index, item in enumerate(value))


def _level(value: Any) -> Severity | None:
    return None if value in ("off", False) else Severity[value.upper()]


# --- what only a file can say ---------------------------------------------------------------------


def with_facts(options: Options, held: Settings) -> Options:
    """Adds to options what a file says and the command line has no words for."""
    buckets = [(name, setting.value, setting.place) for name, setting in held.items("buckets")]
    baseline = held.get("baseline")
    params = held.by_key.get(("params",))
    return options._replace(
        shared_params=[Path(path) for path in params.value] if params and params.place else (),
        shared_parameters={
            name: ParameterValue(setting.value, setting.place)
            for name, setting in held.items("parameters")
            if setting.place is not None
        },
        buckets=[
            ProvidedBucket(name, bucket.key, _below(place, "encryption-key"), bucket.bucket_key)
            for name, bucket, place in buckets
            if bucket.key is not None and place is not None
        ],
        bucket_policies=[
            (name, Path(bucket.policy)) for name, bucket, _ in buckets if bucket.policy
        ],
        requirements=held.get("require") or (),
        suppress=_suppressions(held) if held.get("suppress") else (),
        baseline=options.baseline or (Path(baseline) if baseline else None),
    )


def _below(place: Place, key: str) -> Place:
    return place._replace(path=(*place.path, key))


def _suppressions(held: Settings) -> list[Any]:
    from copilot_preflight.run.suppress.suppression import AtPath, Suppression

    file = held.config.file if held.config is not None else ""
    return [
        Suppression(
            rule,
            AtPath(entry.files, entry.path),
            Place(file, ("suppress", number)),
            EXTERNAL,
            entry.reason,
            entry.until,
        )
        for number, entry in enumerate(held.get("suppress"))
        for rule in entry.rules
    ]
