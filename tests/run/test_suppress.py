"""Suppressions: what silences which finding, and what is told of those that silence nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from copilot_preflight.base.finding import EXTERNAL, IN_SOURCE, Finding, Place, Report
from copilot_preflight.base.globs import Globs
from copilot_preflight.cli.main import cli
from copilot_preflight.read import document
from copilot_preflight.render import render
from copilot_preflight.run import check as engine
from copilot_preflight.run.suppress.sieve import AtPath, Suppression, sifted
from copilot_preflight_rules import CATALOGUE

STACK = """\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          EnvironmentFiles:
            - Type: s3
              Value: arn:aws:s3:::files/web.env
        - Name: log
          EnvironmentFiles:
            - {Type: s3, Value: 'arn:aws:s3:::files/log.env'}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          Effect: Allow
          Principal: {Service: ecs-tasks.amazonaws.com}
          Action: sts:AssumeRole
      Policies:
        - PolicyName: location
          PolicyDocument:
            Statement:
              {Effect: Allow, Action: 's3:GetBucketLocation', Resource: 'arn:aws:s3:::files'}
"""
"""Neither file may be read: E9711 for `web` on its Value, and for `log` on its own."""

WEB, LOG = ("E9711", "web", "no-grant"), ("E9711", "log", "no-grant")

Check = Callable[..., Report]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """The report on some files, by name, or on one template; options by their names."""

    def call(files: Mapping[str, str] | str, *paths: str, **options: Any) -> Report:
        monkeypatch.chdir(tmp_path)
        for name, text in ({"web.yml": files} if isinstance(files, str) else files).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return engine.check(paths or ["."], engine.Options(**{"today": "2026-11-22", **options}))

    return call


def told(report: Report) -> list[tuple[str, str, str]]:
    """(rule, what is at fault, cause): the container of an E9711, the line of a W9791."""
    found = []
    for it in report.findings:
        line = report.sources[it.at.file].span(it.at.path).start.line
        about = "web" if "'web'" in it.message else "log" if "'log'" in it.message else str(line)
        found.append((it.rule, about, it.cause))
    return found


def above(line: str, comment: str) -> str:
    """The stack with a comment above a line, of which it needs the beginning."""
    lines = STACK.splitlines()
    (at,) = (n for n, text in enumerate(lines) if text.strip().startswith(line))
    indent = len(lines[at]) - len(lines[at].lstrip())
    return "\n".join([*lines[:at], " " * indent + comment, *lines[at:]]) + "\n"


def beside(line: str, comment: str) -> str:
    (found,) = (text for text in STACK.splitlines() if text.strip().startswith(line))
    return STACK.replace(found, f"{found}  {comment}")


ACCEPTED = "# preflight: ignore[E9711] accepted by the owner"


def test_the_stack_has_two_findings(check: Check) -> None:
    """Without any suppression both are told, and nothing counts as suppressed."""
    report = check(STACK)
    assert told(report) == [WEB, LOG]
    assert report.suppressed == 0


# --- comments: where they stand ------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        beside("Value: ", ACCEPTED),
        above("Value: ", ACCEPTED),
        above("Value: ", f"{ACCEPTED}\n              # and another remark"),
        above("- Type: s3", ACCEPTED),
        beside("- Type: s3", ACCEPTED),
        beside("- Name: web", ACCEPTED),
        above("- Name: web", ACCEPTED),
        above("- Name: web", ACCEPTED).replace("        # pre", "# pre"),
    ],
    ids=["on", "above", "block", "item", "on-item", "key", "above-key", "unindented"],
)
def test_a_comment_silences_what_begins_on_its_line(check: Check, text: str) -> None:
    """On the line or directly above it: that node with all below it, and nothing beside it."""
    report = check(text)
    assert told(report) == [LOG]
    (silenced,) = report.silenced
    assert (silenced.finding.rule, silenced.kind) == ("E9711", IN_SOURCE)
    assert silenced.reason == "accepted by the owner"


@pytest.mark.parametrize(
    "text",
    [
        beside("Task:", ACCEPTED),
        above("Task:", ACCEPTED),
        above("ContainerDefinitions:", ACCEPTED),
        above("Resources:", ACCEPTED),
    ],
    ids=["resource", "above-resource", "property", "section"],
)
def test_a_comment_on_a_key_silences_all_below_it(check: Check, text: str) -> None:
    """The key of an enclosing resource, property or section stands for what is in it."""
    report = check(text)
    assert told(report) == []
    assert report.suppressed == 2


def test_a_line_of_a_flow_collection_is_one(check: Check) -> None:
    """In ``{...}`` too, a comment is about what begins on its line."""
    flow = "            - {Type: s3, Value: 'arn:aws:s3:::files/log.env'}"
    split = (
        f"            - {{Type: s3,\n              Value: 'arn:aws:s3:::files/log.env'}} {ACCEPTED}"
    )
    assert told(check(STACK.replace(flow, f"{flow} {ACCEPTED}"))) == [WEB]
    assert told(check(STACK.replace(flow, split))) == [WEB]


@pytest.mark.parametrize(
    "text",
    [
        above("Value: ", f"{ACCEPTED}\n"),
        above("- Name: log", f"  {ACCEPTED}").replace(ACCEPTED, f"{ACCEPTED}\n"),
        beside("Type: AWS::ECS::TaskDefinition", ACCEPTED),
        beside("ExecutionRoleArn:", ACCEPTED),
        above("Role:", ACCEPTED),
        f"{STACK}{ACCEPTED}\n",
    ],
    ids=["blank-line", "below", "first-property", "sibling", "other-resource", "end"],
)
def test_a_comment_elsewhere_silences_nothing(check: Check, text: str) -> None:
    """Not what stands above it or beside it; it is told to be unused, where it stands."""
    report = check(text)
    line = text[: text.index(ACCEPTED)].count("\n") + 1
    assert told(report) == [WEB, LOG, ("W9791", str(line), "unused")]
    span = report.sources["web.yml"].span(report.findings[-1].at.path)
    assert text.splitlines()[line - 1][span.start.column - 1 : span.end.column - 1] == ACCEPTED


@pytest.mark.parametrize(
    "text",
    [
        STACK.replace("Task:\n", f"Task:\n    Metadata:\n      Note: |\n        {ACCEPTED}\n"),
        STACK.replace("Name: web", f"Name: 'web {ACCEPTED}'"),
        STACK.replace("Name: web", "Name: web#preflight:ignore[E9711]why"),
        STACK.replace("Name: web", f'Hostname: "\n            {ACCEPTED}"\n          Name: web'),
    ],
    ids=["block", "quoted", "plain", "folded"],
)
def test_text_is_no_comment(check: Check, text: str) -> None:
    """What a block scalar, quotes or a word hold is neither a suppression nor an unused one."""
    report = check(text)
    assert not report.errors
    assert [finding.rule for finding in report.findings] == ["E9711", "E9711"]


def test_json_has_no_comments(check: Check) -> None:
    """A string of a JSON template that reads like a suppression is a string."""
    text = '{"Resources": {"A": {"Type": "AWS::SNS::Topic", "Metadata": "# preflight: ignore"}}}'
    assert told(check({"a.json": text})) == []


# --- comments: what they say ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("# preflight: ignore[E9711] why", "why"),
        ("#preflight:ignore[e9711]: why", "why"),
        ("# preflight: ignore[env-file-denied] - why, see #12", "why, see #12"),
        ("# preflight: ignore [E9712,E9711 ] why", "why"),
        ("# preflight: ignore[E9711] why # noqa", "why"),
        ("# noqa # preflight: ignore[E9711] why", "why"),
        ("# preflight: ignore[E9711] until all is granted", "until all is granted"),
    ],
)
def test_rules_and_reason(check: Check, comment: str, reason: str) -> None:
    """Ids in any case, or names, between commas; what follows is the reason."""
    report = check(beside("Value: ", comment))
    assert [it.reason for it in report.silenced] == [reason]
    unused = [("W9791", "10", "unused")] if "E9712" in comment else []
    assert told(report) == [LOG, *unused]


@pytest.mark.parametrize(
    ("comment", "causes"),
    [
        ("# preflight: ignore[E9711]", ["no-reason"]),
        ("# preflight: ignore[E9711] -", ["no-reason"]),
        ("# preflight: ignore[E9711] until 2027-01", ["no-reason"]),
        ("# preflight: ignore[E9711]  # noqa", ["no-reason"]),
        ("# preflight: ignore", ["malformed"]),
        ("# preflight: ignore[] why", ["malformed"]),
        ("# preflight: ignore E9711 why", ["malformed"]),
        ("# preflight: ignore[E9999] why", ["unknown-rule"]),
        ("# preflight: ignore[E97] why", ["unknown-rule"]),
        ("# preflight: ignore[E9711] why until 2027-13", ["no-date"]),
        ("# preflight: ignore[E9711] why until 2027-02-30", ["no-date"]),
        ("# preflight: ignore[E9711] why until 2027/01", ["no-date"]),
        ("# preflight: ignore[E9711] why until 31.12.2027", ["no-date"]),
        ("# preflight: ignore[E9711, foo]", ["unknown-rule", "no-reason"]),
        ("# preflight: checks this", []),
        ("# ignore[E9711] why", []),
    ],
)
def test_what_does_not_count_is_told(check: Check, comment: str, causes: list[str]) -> None:
    """The finding remains; a suppression that is not valid is reported by what is wrong with it."""
    report = check(beside("Value: ", comment))
    assert told(report) == [WEB, LOG, *(("W9791", "10", cause) for cause in causes)]
    assert report.suppressed == 0


@pytest.mark.parametrize(
    ("until", "today", "counts"),
    [
        ("2027-01", "2026-12-31", True),
        ("2027-01", "2027-01-31", True),
        ("2027-01", "2027-02-01", False),
        ("2027-01-15", "2027-01-15", True),
        ("2027-01-15.", "2027-01-16", False),
        ("2027-01-15,", "2028-01-01", False),
    ],
)
def test_a_date_ends_it(check: Check, until: str, today: str, counts: bool) -> None:
    """It counts until the end of the month or day, and is told to be expired from then on."""
    text = beside("Value: ", f"# preflight: ignore[E9711] accepted until {until}")
    expected = [LOG] if counts else [WEB, LOG, ("W9791", "10", "expired")]
    assert told(check(text, today=today)) == expected


def test_today_is_the_day_of_the_run(check: Check) -> None:
    """Without a date for the run, it is the machine's own."""
    text = beside("Value: ", "# preflight: ignore[E9711] accepted until 2020-01")
    assert told(check(text, today=""))[-1] == ("W9791", "10", "expired")
    assert told(check(text.replace("2020", "9999"), today="")) == [LOG]


# --- unused, and when not ------------------------------------------------------------------------


def test_each_rule_is_unused_by_itself(check: Check) -> None:
    """Of several rules in one comment, those without a finding are named one by one."""
    report = check(beside("Value: ", "# preflight: ignore[E9715, E9711, W9713] why"))
    assert [finding.message for finding in report.findings[1:]] == [
        "suppression of E9715 silences nothing: there is no such finding here",
        "suppression of W9713 silences nothing: there is no such finding here",
    ]


@pytest.mark.parametrize("rule", ["W9713", "I9756"])
def test_a_rule_that_did_not_look_is_not_unused(check: Check, rule: str) -> None:
    """With --ignore, --select or without --info nobody knows what the rule would have said."""
    text = beside("Value: ", f"# preflight: ignore[{rule}] why")
    without = [it for it in CATALOGUE if it.id != "W9713"]
    assert told(check(text, rules=without)) == [WEB, LOG]
    assert ("W9791", "10", "unused") in told(check(text, info=True))


def test_nothing_is_unused_where_not_all_was_judged(check: Check) -> None:
    """A file that cannot be read may have had the finding; what does not count is told anyhow."""
    text = beside("Value: ", "# preflight: ignore[W9713] why")
    broken = check({"web.yml": text, "other.yml": "Resources: [ # ::"})
    assert broken.errors
    assert told(broken) == [WEB, LOG]
    text = beside("Value: ", "# preflight: ignore[W9713]")
    assert told(check({"web.yml": text}))[2:] == [("W9791", "10", "no-reason")]


def test_the_rule_can_be_left_out(check: Check) -> None:
    """With W9791 ignored, suppressions do what they do, and nothing is said of the others."""
    rules = [it for it in CATALOGUE if it.id != "W9791"]
    assert told(check(beside("- Name: log", ACCEPTED), rules=rules)) == [WEB]
    assert told(check(beside("Role:", ACCEPTED), rules=rules)) == [WEB, LOG]


def test_all_can_be_shown(check: Check) -> None:
    """Without suppressions every finding is told, and nothing of the comments."""
    report = check(beside("Task:", "# preflight: ignore[E9711, W9713] why"), suppressions=False)
    assert told(report) == [WEB, LOG]
    assert report.suppressed == 0


def test_unused_suppressions_can_be_silenced(check: Check) -> None:
    """By a comment that names W9791, which is told itself where that silences nothing."""
    unused = "# preflight: ignore[W9713] for later"
    of_that = "# preflight: ignore[W9791] we know"
    assert told(check(above("Role:", f"{unused} {of_that}"))) == [
        WEB,
        LOG,
        ("W9791", "14", "unused"),
    ]
    assert told(check(above("Role:", f"{of_that}\n  {unused}"))) == [WEB, LOG]
    assert told(check(above("Role:", of_that))) == [WEB, LOG, ("W9791", "14", "unused")]


def test_unused_suppressions_stand_in_order(check: Check) -> None:
    """Behind the findings, by file and line, whatever is wrong with them."""
    text = beside("Role:", "# preflight: ignore[W9713] why")
    text = text.replace("  Task:", "  Task: # preflight: ignore")
    text = text.replace("- Name: web", "- Name: web # preflight: ignore[W9713] why until 2020-01")
    assert told(check(text)) == [
        WEB,
        LOG,
        ("W9791", "2", "malformed"),
        ("W9791", "7", "expired"),
        ("W9791", "14", "unused"),
    ]


def test_a_line_with_credentials_is_not_shown(check: Check) -> None:
    """A comment that accepts credentials may stand beside them: no report quotes its line."""
    text = STACK.replace(
        "- Name: web\n",
        "- Name: web\n          Environment:\n"
        "            - Name: AWS_ACCESS_KEY_ID # preflight: ignore[W9735] why until 2020-01\n"
        "              Value: AKIAIOSFODNN7EXAMPLE\n"
        "            - Name: AWS_SECRET_ACCESS_KEY\n"
        "              Value: SECRET # preflight: ignore[W9735]\n",
    )
    report = check(text)
    assert {finding.cause for finding in report.findings} >= {"expired", "no-reason"}
    assert "SECRET #" not in render(report, "text")


# --- other files of a package --------------------------------------------------------------------


def test_what_two_templates_share_is_told_for_either() -> None:
    """A finding in what is shared remains if it is silenced for one of the templates only."""
    shared = Place("shared.yml", ("x",))
    found = Finding(shared, "shared", rule="E9711")
    sources = {
        "a.yml": document.parse(metadata("E9711") + STACK, "a.yml"),
        "shared.yml": document.parse("x: 1", "shared.yml"),
    }

    def looks(_rule: str, _file: str) -> bool:
        return True

    left, silenced = sifted([(found, "a.yml"), (found, "b.yml")], sources, looks=looks)
    assert (left, silenced) == ([found], [])
    left, silenced = sifted([(found, "a.yml")], sources, looks=looks)
    assert (left, [it.finding for it in silenced]) == ([], [found])


ADDONS = """\
Resources:
  Reader:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          Effect: Allow
          Action: s3:GetObject
          Resource: arn:aws:s3:::files
"""


def test_comments_of_addons(check: Check) -> None:
    """They count where the addons are checked themselves; else nobody knows whether they do."""
    text = ADDONS.replace("files", "files  # preflight: ignore[E9751, W9753] why")
    files = {"web-test.stack.yml": STACK, "web.addons.stack.yml": text}
    report = check(files)
    assert [it.finding.rule for it in report.silenced] == ["E9751"]
    assert [it.rule for it in report.findings] == ["E9711", "E9711", "W9791"]
    assert [it.rule for it in check(files, "web-test.stack.yml").findings] == ["E9711", "E9711"]


# --- cfn-lint's metadata -------------------------------------------------------------------------


def metadata(*rules: str, indent: int = 0) -> str:
    text = f"Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: [{', '.join(rules)}]\n"
    return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())


def of_task(*rules: str) -> str:
    return STACK.replace("  Task:\n", f"  Task:\n{metadata(*rules, indent=4)}")


@pytest.mark.parametrize("rule", ["E9711", "E97", "E"])
def test_metadata_of_the_template(check: Check, rule: str) -> None:
    """Ids and their beginnings, as in cfn-lint; no reason is asked for."""
    report = check(metadata(rule) + STACK)
    assert told(report) == []
    assert [(it.kind, it.reason) for it in report.silenced] == [(IN_SOURCE, "")] * 2
    place = Place("web.yml", ("Metadata", "cfn-lint", "config", "ignore_checks", 0))
    assert {it.by for it in report.silenced} == {place}


def test_metadata_of_a_resource(check: Check) -> None:
    """Whole ids only, for what stands in the resource."""
    assert told(check(of_task("E9711"))) == []
    assert told(check(of_task("E97"))) == [WEB, LOG]
    other = STACK.replace("  Role:\n", f"  Role:\n{metadata('E9711', indent=4)}")
    assert told(check(other)) == [WEB, LOG, ("W9791", "18", "unused")]


def test_unused_metadata(check: Check) -> None:
    """Told for our own ids; what is cfn-lint's, or the beginning of ids, is left alone."""
    report = check(metadata("W9713", "E3012", "W95", "X") + STACK)
    assert told(report) == [WEB, LOG, ("W9791", "4", "unused")]
    assert report.findings[-1].message.startswith("suppression of W9713 silences nothing")


@pytest.mark.parametrize("value", ["E9711", "{E9711: 1}", "[[E9711], 1, null, {a: b}, '']", ""])
def test_metadata_of_another_shape(check: Check, value: str) -> None:
    """What is no list of ids silences nothing, and is for cfn-lint to refuse."""
    text = metadata("X").replace("[X]", value) + STACK
    assert told(check(text)) == [WEB, LOG]
    assert told(check("Metadata:\n  cfn-lint: # ignore_checks\n" + STACK)) == [WEB, LOG]


# --- several templates ---------------------------------------------------------------------------


def test_templates_do_not_silence_each_other(check: Check) -> None:
    """A comment or Metadata is about the findings of its own template."""
    files = {"a.yml": metadata("E9711") + STACK, "b.yml": STACK}
    report = check(files)
    assert {finding.at.file for finding in report.findings} == {"b.yml"}
    assert len(report.findings) == report.suppressed == 2


# --- the configuration file ----------------------------------------------------------------------


def entry(folder: Path, rule: str, files: str = "", path: str = "", until: str = "") -> Suppression:
    """What an entry of the configuration comes to."""
    globs = Globs(str(folder), (files,)) if files else None
    at = Place(".copilot-preflight.yml", ("suppress", 0))
    return Suppression(rule, AtPath(globs, path), at, EXTERNAL, "why", until)


@pytest.mark.parametrize(
    ("told_by", "left"),
    [
        ({"rule": "E9711"}, []),
        ({"rule": "E97"}, []),
        ({"rule": "E9711", "files": "web.yml"}, []),
        ({"rule": "E9711", "files": "other.yml"}, [WEB, LOG]),
        ({"rule": "E9711", "path": "$.Resources.Task"}, []),
        ({"rule": "E9711", "path": "$.Resources.*"}, []),
        ({"rule": "E9711", "path": "$.Resources.Role"}, [WEB, LOG]),
        ({"rule": "E9711", "path": "$..ContainerDefinitions[0]"}, [LOG]),
        ({"rule": "E9711", "path": "$..ContainerDefinitions[?(@.Name == 'web')]"}, [LOG]),
        ({"rule": "E9711", "path": "$.Resources.Tas"}, [WEB, LOG]),
        ({"rule": "E9711", "path": "$.Resources[?(@.a < 3)]"}, [WEB, LOG]),
        ({"rule": "E9711", "until": "2026-11"}, []),
        ({"rule": "E9711", "until": "2026-11-21"}, [WEB, LOG]),
    ],
)
def test_entries_of_the_configuration(
    check: Check, tmp_path: Path, told_by: dict[str, str], left: list[tuple[str, str, str]]
) -> None:
    """A rule in some files, below what a JSONPath finds, until a date; else it is told."""
    report = check(STACK, suppress=[entry(tmp_path, **told_by)])
    shown = [it for it in report.findings if it.rule != "W9791"]
    assert [it.message.count("'log'") for it in shown] == [int(it == LOG) for it in left]
    assert all((it.kind, it.reason) == (EXTERNAL, "why") for it in report.silenced)
    void = [it.cause for it in report.findings if it.rule == "W9791"]
    expired = left and "until" in told_by
    assert void == (["expired"] if expired else ["unused"] if left == [WEB, LOG] else [])


def test_unused_entries_are_told_where_they_stand(check: Check, tmp_path: Path) -> None:
    """In the configuration file; a beginning of ids is never unused."""
    config = document.parse("suppress:\n  - rule: W9713\n", ".copilot-preflight.yml")
    entries = [entry(tmp_path, "W9713"), entry(tmp_path, "W975")]
    report = check(STACK, suppress=entries, config=config)
    assert [it.message for it in report.findings if it.rule == "W9791"] == [
        "suppression of W9713 silences nothing: there is no such finding here"
    ]
    assert "--> .copilot-preflight.yml:2:5\n" in render(report, "text")


# --- the page ------------------------------------------------------------------------------------

PAGE = Path(__file__).parents[2] / "docs" / "suppressions.md"


def test_the_page_shows_what_works(check: Check, tmp_path: Path) -> None:
    """The template of the page is silent, for each of its two ways; without them it is not."""
    text = PAGE.read_text(encoding="utf-8")
    fences = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    template, config = fences["web-test.stack.yml"], fences[".copilot-preflight.yml"]
    silent = check(template)
    assert told(silent) == []
    assert [it.reason for it in silent.silenced] == [
        "granted by hand in the old account, until 2999-06",
        "not ours: see OPS-312",
    ]
    (tmp_path / ".copilot-preflight.yml").write_text(config, encoding="utf-8")
    (tmp_path / "web.yml").write_text(re.sub(r" *# preflight.*", "", template), encoding="utf-8")
    bare = CliRunner().invoke(cli, ["check", "web.yml"]).output
    assert "container 'web'" in bare
    assert bare.endswith("\n1 error, 1 warning in 1 file, 1 suppressed\n")
