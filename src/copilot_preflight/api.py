"""What Python programs call: the command line's checks, formats and simulator as functions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from copilot_preflight.base.finding import DataPath, Report
from copilot_preflight.config import to_options as configuration
from copilot_preflight.config.settings import ConfigError, named
from copilot_preflight.read.document import Document, DocumentError, parse, read
from copilot_preflight.run import check as engine

if TYPE_CHECKING:
    from copilot_preflight.base.globs import Globs
    from copilot_preflight.iam.layers import PolicySet

StrPath = str | os.PathLike[str]
Policy = str | Mapping[str, Any] | os.PathLike[str]

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


def lint(
    paths: StrPath | Iterable[StrPath],
    *,
    params: StrPath | Sequence[StrPath] = (),
    parameters: Mapping[str, str] = _NOTHING,
    region: str = "",
    account: str = "",
    partition: str = "",
    policies: Mapping[str, StrPath] = _NOTHING,
    scps: Iterable[StrPath | Sequence[StrPath]] = (),
    rcps: Iterable[StrPath | Sequence[StrPath]] = (),
    evidence: StrPath | Sequence[StrPath] = (),
    evidence_max_age: int | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    exclude: Iterable[str] = (),
    info: bool | None = None,
    assume_defaults: bool | None = None,
    config: StrPath | None = None,
    baseline: StrPath | None = None,
    jobs: int | None = 1,
) -> Report:
    """Checks files and folders together, as ``copilot-preflight check`` does.

    Every argument is the option of its name. ``policies`` maps names or ARNs to files; an entry of
    ``scps`` or ``rcps`` is a level of the organization, one file or several; ``evidence`` is one
    file or folder with answers of the account, or several. ``select`` and
    ``ignore`` name rules by id, name or the beginning of ids, ``exclude`` files that folders are
    searched without, by globs. ``jobs`` is the number of processes,
    None for as many as are of use.

    No configuration file is read but the one that is named, and nothing is written. What cannot be
    read or judged is in ``errors`` of the report. Raises ValueError for a rule that there is
    not, for less than one process, and for a configuration file that cannot be used.

    >>> template = '''
    ... Resources:
    ...   Task:
    ...     Type: AWS::ECS::TaskDefinition
    ...     Properties:
    ...       ExecutionRoleArn: !GetAtt Role.Arn
    ...       ContainerDefinitions:
    ...         - Name: web
    ...           EnvironmentFiles: [{Type: s3, Value: 'arn:aws:s3:::artifacts/web.env'}]
    ...   Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: {
    ...     Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com},
    ...     Action: 'sts:AssumeRole'}}}}
    ... '''
    >>> import pathlib, tempfile
    >>> import copilot_preflight
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "web-test.stack.yml")
    ...     _ = path.write_text(template)
    ...     report = copilot_preflight.lint(path, select=["E9711"])
    >>> for finding in report.findings:
    ...     start = report.span(finding.at).start
    ...     print(finding.rule, finding.name, start.line, start.column, finding.call.action)
    E9711 env-file-denied 9 48 s3:GetObject
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs={jobs}: must be 1 or more, or None for as many as are of use")
    asked: dict[DataPath, Any] = {
        ("params",): list(_files(params)),
        ("region",): region,
        ("account",): account,
        ("partition",): partition,
        ("scps",): [_files(files) for files in scps],
        ("rcps",): [_files(files) for files in rcps],
        ("evidence",): list(_files(evidence)),
        ("select",): _rules(select),
        ("ignore",): _rules(ignore),
        ("exclude",): _globs((exclude,) if isinstance(exclude, str) else tuple(exclude)),
    }
    asked = {key: value for key, value in asked.items() if value}
    asked.update({("parameters", name): value for name, value in parameters.items()})
    asked.update({("policies", name): os.fspath(file) for name, file in policies.items()})
    for key, flag in (("info", info), ("assume-defaults", assume_defaults)):
        if flag is not None:
            asked[key,] = flag
    if evidence_max_age is not None:
        asked["evidence-max-age",] = evidence_max_age
    try:
        held = configuration.settings_of(asked, None if config is None else os.fspath(config))
    except ConfigError as error:
        raise ValueError("; ".join(map(_told, error.faults))) from None
    named_paths = [paths] if isinstance(paths, str | os.PathLike) else paths
    files = [os.fspath(path) for path in named_paths]
    if config is not None:
        held = held._replace(choice=("--config", os.fspath(config)))
    elif configuration.find_for(files) is not None:  # which the command would take
        held = held._replace(choice=("--no-config",))
    options = configuration.options_of(held)._replace(jobs=jobs)
    if baseline is not None:
        named_file = ("--baseline", os.fspath(baseline))
        options = options._replace(baseline=Path(baseline), asked=(*options.asked, named_file))
    return engine.check(files, options)


def _files(files: StrPath | Sequence[StrPath]) -> tuple[str, ...]:
    """One file or several."""
    if isinstance(files, str | os.PathLike):
        return (os.fspath(files),)
    return tuple(os.fspath(file) for file in files)


def _globs(patterns: tuple[str, ...]) -> Globs | None:
    """Patterns of files, from the current folder."""
    from copilot_preflight.base.globs import Globs, fault_of

    for pattern in patterns:
        if wrong := fault_of(pattern) if pattern else "a pattern cannot be empty":
            raise ValueError(f"exclude={pattern!r}: {wrong}")
    return Globs(os.path.realpath(os.curdir), patterns) if patterns else None


def _rules(names: Iterable[str]) -> tuple[str, ...]:
    names = (names,) if isinstance(names, str) else tuple(names)
    for name in names:
        if not named([name]):
            raise ValueError(f"no rule '{name}'")
    return names


def _told(fault: DocumentError) -> str:
    place = (fault.file, fault.line, fault.column)
    return ":".join(str(part) for part in place if part) + f": {fault.message}"


def render_report(report: Report, format: str = "text") -> str:
    """A report as ``--format`` writes it: text, concise, json, sarif, junit,
    github, gitlab or markdown.

    Raises ValueError for another format.

    >>> import copilot_preflight
    >>> report = copilot_preflight.Report(files=1, findings=())
    >>> print(copilot_preflight.render_report(report), end="")
    no calls to prove; no findings in 1 file
    """
    from copilot_preflight.render.formats import render

    return render(report, format)


def simulate(
    policies: Policy | Iterable[Policy],
    actions: Iterable[str],
    resources: Iterable[str] = ("*",),
    *,
    context: Mapping[str, str | Sequence[str]] = _NOTHING,
    caller: str = "",
    boundary: Policy | None = None,
    session: Policy | None = None,
    resource_policy: Policy | None = None,
    scps: Iterable[Policy] = (),
    rcps: Iterable[Policy] = (),
    endpoint: Policy | None = None,
    resource_owner: str = "",
    resource_handling_option: str = "",
    template: StrPath | None = None,
    role: str = "",
    params: StrPath | Sequence[StrPath] = (),
    parameters: Mapping[str, str] = _NOTHING,
    region: str = "",
    account: str = "",
) -> dict[str, Any]:
    """IAM's decision on calls, offline, as ``copilot-preflight simulate`` prints it.

    A policy is its text, a mapping, or the path of a file. ``policies`` are those of the caller
    itself; ``scps`` and ``rcps`` have one for each level of the organization, all of which must
    allow. ``caller`` is the ARN of a role, user or session, or a service; ``resource_owner`` an
    account's id. With ``template``, the policies of its ``role`` (a logical id) come before
    ``policies``, which may be ``()``; ``params``, ``parameters``, ``region`` and ``account`` are
    those of `lint`. The answer has the shape of ``aws iam simulate-custom-policy``.

    Raises ValueError for what AWS would refuse, such as an action that there is not, and for a
    policy or template that cannot be read.

    >>> import copilot_preflight
    >>> reads = {"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}
    >>> answer = copilot_preflight.simulate(reads, ["s3:GetObject", "s3:PutObject"])
    >>> [result["EvalDecision"] for result in answer["EvaluationResults"]]
    ['allowed', 'implicitDeny']
    """
    from copilot_preflight.base.symbolic import Text
    from copilot_preflight.iam.layers import Policies, PolicySet
    from copilot_preflight.iam.principals import Caller
    from copilot_preflight.resolve.value import TemplateError
    from copilot_preflight.simulator import refusals
    from copilot_preflight.simulator.refusals import BadInput, Word
    from copilot_preflight.simulator.simulate import Question, policy_set
    from copilot_preflight.simulator.simulate import simulate as answer

    documents: dict[str, Document] = {}

    def read_one(policy: Policy, name: str) -> PolicySet:
        found = _policy(policy, name)
        refusals.check_policy(found, name.partition(".")[0])
        documents[found.file] = found
        return policy_set(found)

    def one(policy: Policy | None, name: str) -> PolicySet | None:
        return None if policy is None else read_one(policy, name)

    def several(given: Policy | Iterable[Policy], name: str) -> Iterator[PolicySet]:
        if isinstance(given, str | Mapping | os.PathLike):
            given = (given,)
        for number, policy in enumerate(given, 1):
            yield read_one(policy, f"{name}.{number}")

    try:
        statements = [
            it for found in several(policies, "PolicyInputList") for it in found.statements
        ]
        on = [Word(it, ValueError) for it in resources]
        of_template = None
        if template is not None:
            from copilot_preflight.simulator.from_template import Deployment, role_of

            paths = tuple(map(Path, _files(params)))
            named = [it.text for it in on]
            deployment = Deployment(paths, parameters, region, account, named)
            of_template = role_of(os.fspath(template), role, deployment, documents)
        owner = resource_owner and refusals.account_of(Word(resource_owner, ValueError))
        own = PolicySet() if of_template is None else of_template.identity
        layers = Policies(
            identity=PolicySet((*own.statements, *statements), own.unread),
            resource=one(resource_policy, "ResourcePolicy"),
            boundary=one(boundary, "PermissionsBoundaryPolicyInputList"),
            session=one(session, "SessionPolicy"),
            scps=tuple(several(scps, "Scp")),
            rcps=tuple(several(rcps, "Rcp")),
            endpoint=one(endpoint, "EndpointPolicy"),
            owner=Text.of(owner) if owner else None,
        )
        asked = [refusals.action_of(Word(it, ValueError)) for it in actions]
        if resource_handling_option:
            word = Word(resource_handling_option, ValueError)
            refusals.check_handling(word, (it.text for it in on))
        texts: dict[str, Text] = {}
        who: str | Caller = refusals.caller_of(Word(caller, ValueError))
        if of_template is not None:
            if boundary is None:
                layers = layers._replace(boundary=of_template.boundary)
            texts = {it.text: of_template.resource(it) for it in on if "${" in it.text}
            who = who or Caller(of_template.arn)
    except DocumentError as fault:
        raise ValueError(_told(fault)) from None
    except TemplateError as fault:
        raise ValueError(f"{fault.file}: {fault}") from None
    except BadInput as fault:
        raise ValueError(str(fault)) from None
    names = [it.text if it.text in texts else refusals.resource_of(it) for it in on]
    if resource_policy is not None and not who:
        raise ValueError("resource_policy needs caller, whom its Principal may name")
    sent = {key: [it] if isinstance(it, str) else list(it) for key, it in context.items()}
    question = Question(asked, names, sent, who, texts=texts)
    return answer(layers, question, documents, of_template)


def _policy(policy: Policy, name: str) -> Document:
    """The document of a policy, whatever it is given as."""
    if isinstance(policy, os.PathLike):
        found = read(policy)
    elif isinstance(policy, str):
        found = parse(policy, name)
    else:
        import json

        found = parse(json.dumps(policy), name)
    return found
