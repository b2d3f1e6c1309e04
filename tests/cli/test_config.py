"""The configuration file: how it is found and refused, what it changes, and what shows it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from copilot_preflight.config import file as config_file
from copilot_preflight.config import to_options as config
from copilot_preflight.config.settings import ConfigError
from copilot_preflight.read import document, schema
from copilot_preflight.read.document import DocumentError
from copilot_preflight.render.formats import FORMATS

FILE = config.FILE
KEY = "arn:aws:kms:eu-west-1:111122223333:key/5b1f6c1e-7d0e-4a52-9a55-0c6f2a9d8e31"

Run = Callable[..., Any]
Write = Callable[..., Path]


# --- where it is found ----------------------------------------------------------------------------


def test_the_nearest_file_up_the_tree_counts(
    write: Write, run: Run, templates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of the current folder wins over one above, whatever folder is checked."""
    folder = write(
        {
            "a/b/web.yml": templates.denied,
            FILE: "ignore: E9711",
            "a/.copilot-preflight.yml": "fail-on: never",
        }
    )
    assert run("a/b/web.yml").status == 0
    monkeypatch.chdir(folder / "a" / "b")
    assert config.find() == f"../{FILE}"
    held = config.settings_of(file=config.find())
    assert held.get("fail-on") == "never"
    assert held.get("ignore") is None


def test_a_file_can_be_named_and_left_out(write: Write, run: Run, templates: Any) -> None:
    """--config takes the place of the file that would be found, --no-config does without any."""
    write({"web.yml": templates.denied, FILE: "fail-on: never", "other.yml": "ignore: [E9711]"})
    assert run("web.yml").status == 0
    assert run("web.yml", "--no-config").status == 1
    assert run("web.yml", "--config", "other.yml").out.count("no findings")
    both = run("web.yml", "--config", "other.yml", "--no-config")
    assert both.status == 2
    assert "exclude each other" in both.err


def test_a_named_file_that_is_not_there_is_an_error(write: Write, run: Run, templates: Any) -> None:
    write({"web.yml": templates.clean})
    missing = run("web.yml", "--config", "missing.yml")
    assert (missing.status, missing.errors) == (
        2,
        ["error: missing.yml: cannot read: no such file or directory"],
    )


# --- what is refused ------------------------------------------------------------------------------

BAD = {
    "selct: [E9711]": "1:1: unknown key 'selct': did you mean 'select'?",
    "region: eu-west-1\nregion: eu-west-2": "2:1: key 'region' is already on line 1",
    "- E9711": "1:1: must be a map, found a list",
    "": "1:1: file is empty",
    "select:": "1:8: must be a string or a list, found nothing",
    "ignore: [E9711, {a: b}]": "1:17: must be a string, found a map",
    "fail-on: fatal": "1:10: must be error, warning, info or never, found 'fatal'",
    "info: 1": "1:7: must be true or false, found 1",
    "account: 1111": "1:10: must be the 12 digits of an account, found 1111",
    "account: '1111'": "1:10: must be the 12 digits of an account, found '1111'",
    "region: Ireland": "1:9: must be a region such as eu-west-1, found 'Ireland'",
    "severity: {E9711: fatal}": "1:19: must be error, warning, info or off, found 'fatal'",
    "paths: [{ignore: E9711}]": "1:9: lacks 'files'",
    "paths: [{files: []}]": "1:17: must not be an empty list",
    "require:\n  - {action: s3:*, resource: '*'}": (
        "2:14: must be one action, such as s3:GetObject, found 's3:*'"
    ),
    "require: [{action: s3:GetObject}]": "1:11: lacks 'resource'",
    "buckets: {files: {encryption-key: alias/files}}": (
        "1:35: must be the ARN of a KMS key (not of an alias), or none where S3 or AWS has the key,"
        " found 'alias/files'"
    ),
    "suppress: [{rule: E9711}]": "1:12: lacks 'reason'",
    "suppress: [{rule: E9711, reason: ''}]": "1:34: must not be empty",
    "parameters: {A: [1]}": "1:17: must be a string or a number or true or false, found a list",
    "policies: {Limits: ''}": "1:20: must not be empty",
}
"""What a JSON Schema can tell, but for what no parser takes."""

NONSENSE = {
    "select: E9999": "1:9: no rule 'E9999'",
    "ignore: [env-file-denid]": "1:10: no rule 'env-file-denid': did you mean 'env-file-denied'?",
    "severity: {X1: off}": "1:12: no rule 'X1'",
    "paths: [{files: '[z-a].yml', ignore: [E9712]}]": (
        "1:17: '[z-a].yml': range 'z-a' runs backwards"
    ),
    "suppress: [{files: [a, 'x/[0-9][!9-0]'], rule: E9711, reason: x}]": (
        "1:24: 'x/[0-9][!9-0]': range '9-0' runs backwards"
    ),
    "paths: [{files: a, select: E97, severity: {nope: info}}]": "1:44: no rule 'nope'",
    "params: [a.json]": "1:10: no such file: 'a.json'",
    "policies: {Limits: limits.json}": "1:20: no such file: 'limits.json'",
    "scps: [[a.json]]": "1:9: no such file: 'a.json'",
    "buckets: {No_Bucket: {encryption-key: none}}": "1:11: 'No_Bucket' is no name of a bucket",
    "require: [{action: s3:GetObject, resource: bucket}]": ("1:44: must be an ARN, found 'bucket'"),
    "require: [{action: s3:GetObject, resource: 'arn:aws:s3:::{}/*'}]": (
        "1:44: '{}' needs 'at', a JSONPath to the values that it stands for"
    ),
    "require: [{action: s3:GetObject, resource: 'arn:aws:s3:::${N'}]": "1:44: '${' is not closed",
    "require: [{action: s3:GetObject, resource: '*', at: '$.['}]": (
        "1:53: '$.[' is no JSONPath: parse error near the end of string"
    ),
    "suppress: [{rule: E9711, reason: r, until: 2027-13}]": "1:44: '2027-13' is no date",
}
"""What only the tool can tell."""

GOOD = [
    "select: E97, env-file-denied",
    "select: [E97, env-file-denied]\nignore: []",
    "severity: {E9711: off, W97: error, I9790: warning}",
    "severity: {E9711: 'off'}",
    "fail-on: never\ninfo: yes",
    "account: 111122223333\nregion: us-gov-west-1\npartition: aws-us-gov",
    "account: 012345678901",
    "parameters: {A: 1, B: 010, C: true, D: x, E: 1.5}",
    "paths:\n  - {files: '*.yml', ignore: W97}\n  - {files: [a, b/**], severity: {}}",
    f"buckets: {{files: {{encryption-key: {KEY}, bucket-key: true}}, logs: {{}}}}",
    "buckets: {files: {encryption-key: none}}",
    "require: [{action: sqs:SendMessage, resource: 'arn:aws:sqs:*:*:q', role: execution}]",
    "suppress: [{rule: [E9711], path: $.Resources, files: a, reason: r, until: 2027-01-31}]",
    "baseline: known.json",
]


def _parsed(text: str) -> document.Document | None:
    try:
        return document.parse(text, FILE)
    except DocumentError:
        return None


@pytest.mark.parametrize("text", [*BAD, *NONSENSE])
def test_what_is_wrong_is_told_with_its_place(
    write: Write, run: Run, templates: Any, text: str
) -> None:
    """One line on standard error with file, line and column, and exit 2: nothing is checked."""
    write({FILE: text, "web.yml": templates.denied})
    result = run("web.yml")
    assert (result.status, result.out) == (2, "")
    assert result.errors == [f"error: {FILE}:{ {**BAD, **NONSENSE}[text] }"]
    assert run("config").status == 2


def test_everything_that_is_wrong_is_told_at_once(write: Write, run: Run) -> None:
    write({FILE: "info: 1\nselct: a\nfail-on: 3\n"})
    assert [line.split(": ")[1] for line in run("config").errors] == [
        f"{FILE}:{place}" for place in ("1:7", "2:1", "3:10")
    ]


@pytest.mark.parametrize("text", GOOD)
def test_what_is_right_is_taken(write: Write, text: str) -> None:
    """What the schema allows, and means something, is read."""
    write({FILE: text})
    assert config.options_of(config.settings_of(file=FILE)).config is not None


@pytest.mark.parametrize("text", [*BAD, *NONSENSE, *GOOD])
def test_the_published_schema_judges_as_we_do(text: str) -> None:
    """The real implementation of JSON Schema and ours give the same answer."""
    parsed = _parsed(text)
    if parsed is None:
        assert text in BAD
        return
    judged = jsonschema.Draft202012Validator(config_file.published()).is_valid(parsed.data)
    assert judged is (text not in BAD)
    assert judged is (not list(schema.faults(parsed, config_file.published())))


def test_the_schema_is_written_in_the_keywords_that_are_understood() -> None:
    """The schema is valid, and has no keyword that ours would pass over."""
    published: Any = config_file.published()
    jsonschema.Draft202012Validator.check_schema(published)
    describing = {"$schema", "$id", "title", "description", "x-wanted", "$defs"}
    pending = [published, *published["$defs"].values()]
    while pending:
        node = pending.pop()
        assert node.keys() <= schema.KEYWORDS | describing
        pending += node.get("properties", {}).values()
        pending += [it for key in ("items", "additionalProperties") if (it := node.get(key))]


# --- what it changes ------------------------------------------------------------------------------


def test_a_severity_shows_everywhere(write: Write, run: Run, templates: Any) -> None:
    """The exit status, the counts and every format have the severity of the configuration."""
    write({"web.yml": templates.denied, FILE: "severity: {E9711: warning}"})
    text = run("web.yml")
    assert text.status == 0
    assert text.out.startswith("warning[E9711] env-file-denied: ")
    assert text.out.endswith("1 warning in 1 file\n")
    assert run("web.yml", "--fail-on", "warning").status == 1
    report = json.loads(run("web.yml", "--format", "json").out)
    assert (report["summary"]["error"], report["summary"]["warning"]) == (0, 1)
    assert [it["severity"] for it in report["findings"]] == ["warning"]
    for form in FORMATS:
        as_error = run("web.yml", "--format", form, "--no-config").out
        assert run("web.yml", "--format", form).out != as_error, form


def test_rules_are_turned_off_and_remarks_on(write: Write, run: Run, templates: Any) -> None:
    """``off`` silences a rule; a remark that is made a warning is reported without --info."""
    write({"a.yml": templates.denied, "b.yml": templates.undetermined})
    silent = run("a.yml", "b.yml")
    assert "E9711" in silent.out
    assert "I9790" not in silent.out
    write({FILE: "severity: {E9711: off, access-undetermined: warning}"})
    told = run("a.yml", "b.yml")
    assert told.status == 0
    assert set(re.findall(r"^(\w+)\[(\w+)\]", told.out, re.MULTILINE)) == {("warning", "I9790")}
    write({FILE: "severity: {E9711: info}"})
    assert run("a.yml").out.endswith("no findings in 1 file\n")
    assert run("a.yml", "--info").out.startswith("info[E9711]")


def test_what_is_said_of_fewer_rules_wins(write: Write, run: Run, templates: Any) -> None:
    """Whatever the order: a rule's own severity over that of the rules whose ids begin alike."""
    write({"web.yml": templates.denied})
    for entries in ("E9711: warning, E97: off, E: info", "E97: off, env-file-denied: warning"):
        for text in (
            f"severity: {{{entries}}}",
            f"paths: [{{files: '*', severity: {{{entries}}}}}]",
        ):
            write({FILE: text})
            assert run("web.yml").out.startswith("warning[E9711]")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("$.Resources", "2:4: 'at' finds a map in 'web.yml', not strings: $.Resources"),
        (
            "$.Resources.`len`",
            "2:47: '$.Resources.`len`' works something out: it must find what stands there",
        ),
        (
            "$.Resources[?(@.Type=~'x')]",
            "2:47: '$.Resources[?(@.Type=~'x')]' has a regular expression, which may take forever: "
            "compare with '=='",
        ),
    ],
)
def test_a_path_that_finds_no_strings(
    write: Write, run: Run, templates: Any, path: str, told: str
) -> None:
    """What only shows in a template is told at the requirement, and the run has failed."""
    requirement = f"{{action: s3:GetObject, resource: '{{}}', at: \"{path}\"}}"
    write({"web.yml": templates.clean, FILE: f"require:\n - {requirement}"})
    result = run("web.yml")
    assert (result.status, result.errors) == (2, [f"error: {FILE}:{told}"])


def test_paths_have_settings_of_their_own(write: Write, run: Run, templates: Any) -> None:
    """Patterns are from the folder of the file; what comes later wins, what is ignored stays so."""
    write({f"{name}/web.yml": templates.denied for name in ("live", "old", "old/kept")})
    write(
        {
            FILE: """
severity: {E9711: error}
paths:
  - {files: old/, severity: {E9711: warning}}
  - {files: [old/kept/**], severity: {E9711: off}}
"""
        }
    )
    found = json.loads(run(".", "--format", "json").out)["findings"]
    assert [(it["file"], it["severity"]) for it in found] == [
        ("live/web.yml", "error"),
        ("old/web.yml", "warning"),
    ]
    write({FILE: "ignore: E9711\npaths: [{files: live/*.yml, select: E9711}]"})
    assert run(".").status == 0
    write({FILE: "select: W97\npaths: [{files: live/*.yml, select: E9711}]"})
    found = json.loads(run(".", "--format", "json").out)["findings"]
    assert [it["file"] for it in found] == ["live/web.yml"]


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("web.yml", {"web.yml", "a/web.yml", "a/b/web.yml"}),
        ("a", {"a/web.yml", "a/b/web.yml"}),
        ("a/", {"a/web.yml", "a/b/web.yml"}),
        ("/a/*.yml", {"a/web.yml"}),
        ("./a/*.yml", {"a/web.yml"}),
        ("a/**", {"a/web.yml", "a/b/web.yml"}),
        ("**/b/*", {"a/b/web.yml"}),
        ("*/web.yml", {"a/web.yml"}),
        ("w?b.yml", {"web.yml", "a/web.yml", "a/b/web.yml"}),
        ("[!w]eb.yml", set()),
        ("[vw]eb.yml", {"web.yml", "a/web.yml", "a/b/web.yml"}),
        ("b/web.yml", set()),
        ("eb.yml", set()),
        ("[", set()),
        ("[v-w]eb.y[!a-l]l", {"web.yml", "a/web.yml", "a/b/web.yml"}),
        ("a[.-0]web.yml", set()),
        ("w***b.yml", {"web.yml", "a/web.yml", "a/b/web.yml"}),
        ("**/**/b/**/*", {"a/b/web.yml"}),
        ("a**.yml", {"a/web.yml", "a/b/web.yml"}),
        ("/a**.yml", {"a/web.yml", "a/b/web.yml"}),
        ("/**.yml", {"web.yml", "a/web.yml", "a/b/web.yml"}),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, files: set[str]) -> None:
    """A slash ties a pattern to the folder of the file; what lies below a match belongs to it."""
    from copilot_preflight.base.globs import Globs

    globs = Globs(str(tmp_path), (pattern,))
    every = ("web.yml", "a/web.yml", "a/b/web.yml")
    assert {name for name in every if globs.match(str(tmp_path / name))} == files


@pytest.mark.parametrize("piece", ["*a", "**a", "**/*", "[!b]*"])
def test_many_stars_take_linear_time(tmp_path: Path, piece: str) -> None:
    """A regular expression tries every way to share a name out among the stars."""
    from copilot_preflight.base.globs import Globs

    name = str(tmp_path / "/".join(["a" * 50] * 60))
    start = time.perf_counter()
    assert not Globs(str(tmp_path), (piece * 200 + "b",)).match(name)
    assert Globs(str(tmp_path), (piece * 40 + "*",)).match(name)
    assert time.perf_counter() - start < 5


def test_the_command_line_wins(write: Write, run: Run, templates: Any) -> None:
    """Lists and single values take the place of the file's, entries of maps are laid over them."""
    text = "select: E975\nignore: E9711\nfail-on: never\nseverity: {E9711: off}\ninfo: true"
    write({"web.yml": templates.denied, FILE: text})
    assert run("web.yml").status == 0
    picked = run("web.yml", "--select", "E9711", "--fail-on", "error")
    assert picked.status == 1
    assert "error[E9711]" in picked.out
    write({"web.yml": templates.undetermined, FILE: "info: true"})
    assert "I9790" in run("web.yml").out
    assert "I9790" not in run("web.yml", "--no-info").out


PLACED = """
Parameters:
  File: {Type: String}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions: [{Name: web, EnvironmentFiles: [{Type: s3, Value: !Ref File}]}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}
      Policies:
        - PolicyName: files
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: 's3:Get*', Resource: ['arn:aws:s3:::files', 'arn:aws:s3:::files/*']}
"""  # noqa: E501


def test_parameters_are_for_whoever_declares_them(write: Write, run: Run) -> None:
    """Values of the file are laid over the templates', are shown with their place, and may be of
    use to no template; the command line wins over them."""
    write({"web.yml": PLACED, FILE: "parameters:\n  Other: x\n  File: arn:aws:s3:::other/web.env"})
    result = run("web.yml")
    assert (result.status, result.err) == (1, "")
    assert f"::: {FILE}:3:9" in result.out
    assert "the value of File" in result.out
    assert run("web.yml", "--parameter", "File=arn:aws:s3:::files/web.env").status == 0
    write({FILE: "params: values.json", "values.json": '{"File": "arn:aws:s3:::other/w.env"}'})
    assert "values.json:1:10" in run("web.yml").out


def test_paths_of_files_are_from_the_file(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(
        {
            "a/web.yml": PLACED,
            "values.json": '{"File": "arn:aws:s3:::other/w.env"}',
            FILE: "params: values.json",
        }
    )
    monkeypatch.chdir(folder / "a")
    assert "::: ../values.json:1:10" in run("web.yml").out


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ("", []),
        ("encryption-key: none", []),
        (f"encryption-key: {KEY}", ["E9715"]),
        ("policy: open.json", []),
        ("policy: closed.json", ["E9761"]),
    ],
)
def test_facts_about_buckets(write: Write, run: Run, facts: str, found: list[str]) -> None:
    """A key for which the role has no grant, and a policy that keeps it out, are denials."""
    deny: dict[str, Any] = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::files/*",
    }  # fmt: skip
    write(
        {
            "web.yml": PLACED,
            FILE: "parameters: {File: 'arn:aws:s3:::files/web.env'}\n"
            f"buckets: {{files: {{{facts}}}}}",
            "closed.json": json.dumps({"Statement": deny}),
            "open.json": json.dumps({"Statement": {**deny, "Effect": "Allow"}}),
        }
    )
    result = run("web.yml", "--select", "E")
    assert result.err == ""
    assert re.findall(r"^error\[(\w+)\]", result.out, re.MULTILINE) == found
    if "key: arn" in facts:
        report = json.loads(run("web.yml", "--select", "E", "--format", "json").out)
        related = {it["message"]: it for it in report["findings"][0]["related"]}
        place = related["what encrypts the object"]
        assert (place["file"], place["start"]) == (FILE, {"line": 2, "column": 35})


@pytest.mark.parametrize(("bucket_key", "denied"), [("true", False), ("false", True), ("", False)])
def test_whether_a_bucket_has_a_bucket_key(
    write: Write, run: Run, bucket_key: str, denied: bool
) -> None:
    """It tells S3's encryption context, on which a grant may hang; unsaid, nothing is proved."""
    grant = (
        f"              - {{Effect: Allow, Action: kms:Decrypt, Resource: '{KEY}', Condition: "
        "{StringEquals: {'kms:EncryptionContext:aws:s3:arn': 'arn:aws:s3:::files'}}}\n"
    )
    more = f", bucket-key: {bucket_key}" if bucket_key else ""
    write(
        {
            "web.yml": PLACED + grant,
            FILE: "parameters: {File: 'arn:aws:s3:::files/web.env'}\n"
            f"buckets: {{files: {{encryption-key: '{KEY}'{more}}}}}",
        }
    )
    assert ("E9715" in run("web.yml").out) is denied


def test_suppressions_of_the_file(write: Write, run: Run, templates: Any) -> None:
    text = "suppress: [{rule: env-file-denied, path: $.Resources, reason: moved, until: 2999-01}]"
    write({"web.yml": templates.denied, FILE: text})
    assert run("web.yml").out.endswith("no findings in 1 file, 1 suppressed\n")
    write({"other.yml": templates.clean, FILE: text})
    assert run("other.yml").out.startswith("warning[W9791] unused-suppression")


def test_the_baseline_of_the_file(write: Write, run: Run, templates: Any) -> None:
    """It is used where the command line names no other."""
    write({"web.yml": templates.denied, FILE: "baseline: known.json"})
    assert run("web.yml", "--write-baseline", "known.json").status == 0
    assert run("web.yml").out.endswith("no findings in 1 file, 1 suppressed\n")


# --- what shows it -------------------------------------------------------------------------------


def test_config_prints_what_holds_and_where_it_is_told(write: Write, run: Run) -> None:
    """YAML with the origin behind each key; maps entry by entry."""
    write(
        {
            FILE: "select: [E97]\nseverity:\n  W9713: off\nparameters: {A: x}\n"
            "paths:\n  - files: old/**\n    ignore: E9711\n"
        }
    )
    assert (
        run("config", "old/web.yml", "--parameter", "B=1", "--region", "eu-west-1").out
        == f"""\
# {FILE}
select: [E97]  # {FILE}:1
paths:  # {FILE}:5
  - files: ["old/**"]
    ignore: [E9711]
region: eu-west-1  # command line
fail-on: error  # default
info: false  # default
assume-defaults: false  # default
severity:
  W9713: "off"  # {FILE}:3
parameters:
  A: x  # {FILE}:4
  B: "1"  # command line
# old/web.yml: E9711 off
"""
    )


def test_config_without_a_file(write: Write, run: Run) -> None:
    write({})
    assert (
        run("config").out
        == """\
# no configuration file
fail-on: error  # default
info: false  # default
assume-defaults: false  # default
"""
    )
    assert json.loads(run("config", "--format", "json").out) == {
        "version": 1,
        "config": None,
        "settings": {
            "fail-on": {"value": "error", "origin": "default"},
            "info": {"value": False, "origin": "default"},
            "assume-defaults": {"value": False, "origin": "default"},
        },
        "paths": {},
    }


EVERYTHING = f"""
select: [E97, W97]
ignore: env-file-outdated
severity: {{E9711: warning, W9713: off}}
paths:
  - files: [old, '*-prod.yml']
    select: E9711
    severity: {{E9711: off}}
fail-on: warning
exclude: [old, '*-dev.yml', a/b]
info: true
parameters: {{Name: "it's \\u200b: #1", Flag: true}}
params: values.json
region: eu-west-1
account: 111122223333
partition: aws
policies: {{Limits: p.json}}
scps: [p.json, [p.json, p.json]]
rcps: [[p.json]]
buckets: {{files: {{encryption-key: {KEY}, bucket-key: false, policy: p.json}}, logs: {{}}}}
require:
  - {{action: s3:GetObject, resource: 'arn:aws:s3:::{{}}/*', at: '$..Value', because: it must, files: a.yml}}
suppress:
  - {{rule: [E9711], files: a.yml, path: $.Resources, reason: "no: yes", until: 2027-01}}
evidence: p.json
evidence-max-age: 30
baseline: known.json
"""  # noqa: E501


@pytest.mark.parametrize("below", ["", "a/b"])
def test_what_config_prints_is_a_configuration(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    """Read again, from wherever it was printed, it holds the same; every key is in it."""
    folder = write({FILE: EVERYTHING, "values.json": "{}", "p.json": "{}", "a/b/x": ""})
    monkeypatch.chdir(folder / below)
    printed = run("config", "--config", str(config.find())).out
    Path("again.yml").write_text(printed, encoding="utf-8")
    again = run("config", "--config", "again.yml")
    assert again.err == ""
    without_origins = [re.sub(r"  # \S+$", "", line) for line in printed.splitlines()[1:]]
    assert [re.sub(r"  # \S+$", "", line) for line in again.out.splitlines()[1:]] == without_origins
    keys = {line.partition(":")[0] for line in printed.splitlines() if line[0].isalpha()}
    assert keys == config_file.published()["properties"].keys()


def test_config_as_json(write: Write, run: Run) -> None:
    write({FILE: "severity: {W9713: off}\npaths: [{files: a.yml, ignore: W9713}]"})
    told = json.loads(run("config", "--format", "json", "a.yml").out)
    assert told["config"] == FILE
    assert told["settings"]["severity"] == {"W9713": {"value": "off", "origin": f"{FILE}:1"}}
    assert told["settings"]["paths"] == {
        "value": [{"files": ["a.yml"], "ignore": ["W9713"]}],
        "origin": f"{FILE}:2",
    }


def test_a_bad_file_never_ends_in_a_traceback(write: Write) -> None:
    """Whatever stands in the file: it is taken, or refused with a place."""
    for text in ("{", "a: &b [*b]", "\0", "? {a: b}\n: 1", "select: !Ref x", "[" * 2000, b"\xff"):
        write({FILE: text})
        with pytest.raises(ConfigError) as refused:
            config.settings_of(file=FILE)
        assert all(fault.file == FILE for fault in refused.value.faults)


def test_the_documented_configuration(write: Write, run: Run) -> None:
    """The example of docs/configuration.md is a configuration, and ``legacy/`` is what it says."""
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    example = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0]
    policies = re.findall(r"policies/[\w-]+\.json", example)
    write({**dict.fromkeys(policies, "{}"), FILE: example})
    result = run("config", "legacy/web.yml")
    assert (result.status, result.err) == (0, "")
    assert "\n# legacy/web.yml: E9711 " not in result.out
    assert "\n# legacy/web.yml: W9713 off, W9714 off, " in result.out


def test_requirements_that_nothing_meets_are_told(write: Write, run: Run, templates: Any) -> None:
    """With --info: a path that finds nothing, and files that are not in the run."""
    text = """\
require:
  - {action: s3:GetObject, resource: 'arn:aws:s3:::{}/*', at: $.Nothing}
  - {action: s3:GetObject, resource: 'arn:aws:s3:::files/*', files: other.yml}
  - {action: s3:GetObject, resource: 'arn:aws:s3:::files/*'}
"""
    write({"web.yml": templates.clean, FILE: text})
    assert run("web.yml").err == ""
    assert run("web.yml", "--info").errors == [
        f"note: {FILE}:{line}: nothing in this run has what is required here" for line in (2, 3)
    ]


# --- where it is found otherwise ------------------------------------------------------------------


def test_without_a_file_here_that_of_what_is_checked_counts(
    write: Write, run: Run, templates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder that all paths lie in, and up from there; --verbose says which it was."""
    folder = write(
        {
            "shop/a/web.yml": templates.denied,
            "shop/b/web.yml": templates.denied,
            "shop/.copilot-preflight.yml": "fail-on: never",
            "here/x": "",
        }
    )
    monkeypatch.chdir(folder / "here")
    paths = ("../shop/a/web.yml", "../shop/b")
    assert run(*paths).status == 0
    result = run(*paths, "--verbose")
    assert (result.status, result.errors[0]) == (0, f"configuration: ../shop/{FILE}")
    assert run("../shop/a").status == 0
    absolute = run(str(folder / "shop" / "a" / "web.yml"), "--verbose")
    assert absolute.errors[0].startswith(f"configuration: {folder}")
    assert run(*paths, "--no-config").status == 1
    (folder / "here" / FILE).write_text("fail-on: error")
    assert run(*paths).status == 1


def test_what_is_ignored_can_be_extended(write: Write, run: Run, templates: Any) -> None:
    """--ignore takes the place of the file's list, --extend-ignore adds to either."""
    write({"web.yml": templates.denied, FILE: "ignore: [E9711]"})

    def ignored(*options: str) -> Any:
        shown = json.loads(run("config", "--format", "json", *options).out)
        return shown["settings"].get("ignore", {}).get("value")

    assert ignored("--extend-ignore", "W9713,W9720") == ["E9711", "W9713", "W9720"]
    assert ignored("--extend-ignore", "W9713", "--ignore", "E9712") == ["E9712", "W9713"]
    assert ignored("--extend-ignore", "W9713", "--select", "E") == ["W9713"]
    assert ignored("--no-config", "--extend-ignore", "W9713") == ["W9713"]
    assert run("web.yml", "--extend-ignore", "W9713").status == 0
    assert run("web.yml", "--extend-ignore", "nothing").status == 2
