"""Files that are no templates, or no longer: one clear line each, and the others are checked."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.run import check as engine

Run = Callable[..., Any]
Write = Callable[..., Path]

TYPE = "Type: AWS::S3::Bucket"


def laughs(levels: int) -> str:
    """Aliases of aliases: nine times more with each level."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        items = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} [{items}]")
    return "\n".join(lines) + "\nResources: {}\n"


BAD: dict[str, tuple[str | bytes, str]] = {
    # nothing
    "empty": ("", "1:1: file is empty"),
    "blank": (" \n\n\t", "2:2: |1:1: file is empty|3:1: "),
    "comment": ("# to do\n", "1:1: file is empty but for comments"),
    "dashes": ("---\n", "1:1: file is empty"),
    # something else
    "word": ("hello", "1:1: not a CloudFormation template: it has no Resources"),
    "null": ("null", "1:1: not a CloudFormation template"),
    "list": ("- Resources", "1:1: not a CloudFormation template"),
    "map": ("a: 1", "1:1: not a CloudFormation template"),
    "json": ('{"a": 1}', "1:1: not a CloudFormation template"),
    "terraform": ('resource "aws_s3_bucket" "b" {\n  bucket = "x"\n}\n', r"\d:\d+: "),
    "xml": ("<?xml version='1.0'?>\n<a/>\n", r"\d:\d+: "),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "1:1: byte 0x89 is not UTF-8"),
    "gzip": (b"\x1f\x8b\x08\0abc", "1:2: byte 0x8b is not UTF-8"),
    # broken text
    "truncated": (f"Resources:\n  A:\n    {TYPE}\n    Properties: {{", "4:18: a value is missing"),
    "quote": (f"Resources:\n  A:\n    {TYPE}\n    X: 'abc\n", "4:8: the quote ' that opens"),
    "cut json": ('{"Resources": {"A": {"Type": "A', '1:30: the quote " that opens here'),
    "bracket": (f"Resources: {{A: {{{TYPE}}}\n", r"2:1: expected ',' or '}'"),
    "tab": (f"Resources:\n\tA:\n\t\t{TYPE}\n", "2:1: tab in the indentation"),
    "indentation": (f"Resources:\n  A:\n    {TYPE}\n   B: 1\n", "4:4: wrong indentation"),
    "colon": ("Resources:\n  A: b: c\n", "2:7: unexpected ':'"),
    "NUL": (b"Resources:\n  A: \0\n", r"2:6: control character U\+0000"),
    "escape": (b"Resources:\n  A: \x1b[31m\n", r"2:6: control character U\+001B"),
    "latin": ("Resources:\n  A: é\n".encode("latin-1"), "2:6: byte 0xe9 is not UTF-8"),
    "wide": ("Resources: {}".encode("utf-16-le"), r"1:2: control character U\+0000.*UTF-16"),
    "cut wide": ("Resources: {}".encode("utf-16")[:-1], " file is broken UTF-16"),
    "surrogate": (b"Resources: \xed\xa0\x80\n", "1:12: byte 0xed is not UTF-8"),
    "duplicate": (f"Resources:\n  A: {{{TYPE}}}\n  A: {{{TYPE}}}\n", "3:3: key 'A' is already"),
    "documents": (f"Resources: {{A: {{{TYPE}}}}}\n---\na: 1\n", "2:1: a second document"),
    "tag": ("Resources: !!python/object:os.system {}\n", "1:12: tag .* means nothing"),
    "alias": ("Resources: *nothing\n", r"1:12: alias '\*nothing' repeats nothing"),
    "loop": ("Resources: &a {A: *a}\n", r"1:19: alias '\*a' stands inside"),
    "key": ("Resources:\n  {a: b}: c\n", "2:3: a mapping cannot be a key"),
    # too much
    "large": (b"Resources: {}\n" + b"#" * 50_000_000, " file has 50 MB"),
    "laughs": (laughs(12), r"\d+:\d+: aliases multiply the template to more than"),
    "flow": ("[" * 10_000 + "]" * 10_000, "1:201: nested deeper than 200 levels"),
    "open": ("{a: " * 10_000, r"1:\d+: nested deeper than 200 levels"),
    "deep json": ('{"a":' * 10_000 + "1" + "}" * 10_000, r"1:\d+: nested deeper than 200"),
    "block": ("- " * 10_000 + "a\n", r"1:\d+: nested deeper than 200 levels"),
    "functions": ("Resources: " + "!If [a, " * 5_000, r"1:\d+: nested deeper than 200 levels"),
    "quotes": ('"' * 100_001, r"1:\d+: "),
    # sections
    "no resources": ("AWSTemplateFormatVersion: x", "1:1: template has no Resources"),
    "null resources": ("Resources:\n", "1:1[0-2]: template has no Resources"),
    "resources list": (f"Resources:\n  - {TYPE}\n", "2:3: Resources must be a map, found a list"),
    "resources string": ("Resources: x", "1:12: Resources must be a map, found a string"),
    "resources number": ("Resources: 5", "1:12: Resources must be a map, found 5"),
    "resources true": ("Resources: yes", "1:12: Resources must be a map, found true"),
    "parameters": (
        "Resources: {}\nParameters: [a]",
        "2:13: Parameters must be a map, found a list",
    ),
    "conditions": (
        "Resources: {}\nConditions: x",
        "2:13: Conditions must be a map, found a string",
    ),
    "mappings": ("Resources: {}\nMappings: [a]", "2:11: Mappings must be a map, found a list"),
    "outputs": ("Resources: {}\nOutputs: 1.5", r"2:10: Outputs must be a map, found 1\.5"),
    "metadata": ("Resources: {}\nMetadata: [a]", "2:11: Metadata must be a map, found a list"),
    "rules": ("Resources: {}\nRules: [a]", "2:8: Rules must be a map, found a list"),
    # items
    "resource list": ("Resources: {A: []}", "1:16: a resource must be a map, found a list"),
    "resource string": ("Resources: {A: x}", "1:16: a resource must be a map, found a string"),
    "resource null": ("Resources:\n  A:\n", "2:[3-5]: a resource must be a map, found nothing"),
    "no type": ("Resources: {A: {Properties: {}}}", "1:16: resource 'A' has no Type"),
    "type": ("Resources: {A: {Type: [x]}}", "1:23: Type must be a string, found a list"),
    "properties": (
        f"Resources: {{A: {{{TYPE}, Properties: [a]}}}}",
        "1:52: Properties must be a map, found a list",
    ),
    "condition": (
        f"Resources: {{A: {{{TYPE}, Condition: {{Ref: b}}}}}}",
        "1:51: Condition must be the name of a condition, found a map",
    ),
    "parameter": ("Resources: {}\nParameters: {A: x}", "2:17: a parameter must be a map"),
    "default": (
        "Resources: {}\nParameters: {A: {Type: String, Default: [x]}}",
        "2:41: Default must be a string, found a list",
    ),
    "allowed": (
        "Resources: {}\nParameters: {A: {Type: String, AllowedValues: x}}",
        "2:47: AllowedValues must be a list, found a string",
    ),
    "mapping": ("Resources: {}\nMappings: {A: [x]}", "2:15: a mapping must be a map"),
    "output": ("Resources: {}\nOutputs: {A: x}", "2:14: an output must be a map"),
    # conditions
    "condition shape": (
        "Resources: {}\nConditions: {A: [x]}",
        "2:17: a condition must be a map with one condition function",
    ),
    "two functions": (
        "Resources: {}\nConditions: {A: {'Fn::Not': [], 'Fn::And': []}}",
        "2:17: a condition must be a map with one condition function",
    ),
    "equals": (
        "Resources: {}\nConditions: {A: !Equals [x]}",
        "2:17: Fn::Equals takes a list of two values",
    ),
    "and": ("Resources: {}\nConditions: {A: !And x}", "2:17: Fn::And takes a list"),
    "cycle": (
        "Resources: {}\nConditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\n",
        "3:6: condition depends on itself: A -> B -> A",
    ),
    "condition of itself": (
        "Resources: {}\nConditions: {A: {Condition: A}}",
        "2:17: condition depends on itself: A -> A",
    ),
}


@pytest.fixture(scope="module")
def told(
    tmp_path_factory: pytest.TempPathFactory, templates: Any
) -> tuple[int, str, dict[str, list[str]]]:
    """One run over all the files and a good one: status, report, and what is said of each file."""
    folder = tmp_path_factory.mktemp("bad")
    for name, (content, _) in BAD.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.yml").write_bytes(data)
    (folder / "good.yml").write_text(templates.denied)
    paths = sorted(path.name for path in folder.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "copilot_preflight", *paths],
        capture_output=True,
        timeout=120,
        cwd=folder,
        check=False,
        text=True,
    )
    lines: dict[str, list[str]] = {}
    for line in done.stderr.splitlines():
        found = re.match(r"error: ([^:]+)\.yml:(.*)", line)
        assert found, line
        lines.setdefault(found[1], []).append(found[2])
    return done.returncode, done.stdout, lines


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_one_line(told: Any, name: str) -> None:
    """What is wrong with a file is said in one line, with its place."""
    _, _, lines = told
    assert len(lines.get(name, ())) == 1, lines.get(name)
    assert re.match(BAD[name][1], lines[name][0]), lines[name][0]


def test_other_files_are_checked(told: Any) -> None:
    """However many files are broken, the findings in the others are reported; the status is 2."""
    status, out, lines = told
    assert status == 2
    assert set(lines) == set(BAD)
    assert out.count("error[E9711]") == 1
    assert "--> good.yml:" in out


def test_several_faults_of_one_template(run: Run, write: Write) -> None:
    """Every item that is no map is told, at its place."""
    write({"web.yml": "Resources: {A: [], B: x}\nOutputs: 5\nParameters: {P: []}\n"})
    assert run("web.yml").errors == [
        "error: web.yml:3:17: a parameter must be a map, found a list",
        "error: web.yml:1:16: a resource must be a map, found a list",
        "error: web.yml:1:23: a resource must be a map, found a string",
        "error: web.yml:2:10: Outputs must be a map, found 5",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Resources: {}\n",
        "Resources: {}\nOutputs:\nConditions:\nParameters:\nMappings:\n",
        "Resources: {'Fn::ForEach::X': [a, [b], {}], 'Fn::Transform': {Name: x}}\n",
        "Resources: {}\nOutputs: {'Fn::ForEach::X': [a, [b], {}]}\n",
        "Resources: {}\nConditions: {'Fn::ForEach::X': [a, [b], {}]}\n",
        "Resources: {A: {Type: 'AWS::S3::Bucket', Properties: }}\n",
        "Resources: {A: {Type: 'AWS::S3::Bucket', Properties: !If [X, {}, {}]}}\n",
        "Transform: [AWS::Serverless-2016-10-31]\nResources: {}\nGlobals: []\n",
        "\ufeffResources: {}\r\n",
        "Resources: {A: {Type: 'Custom::Thing', Properties: {A: ~}}}\n",
    ],
)
def test_odd_but_sound_templates(run: Run, write: Write, text: str) -> None:
    """What CloudFormation takes is no error."""
    write({"web.yml": text})
    result = run("web.yml", "--info")
    assert (result.status, result.out, result.err) == (
        0,
        "no calls to prove; no findings in 1 file\n",
        "",
    )


def test_env_file_in_the_place_of_the_configuration(run: Run, write: Write, templates: Any) -> None:
    """Its values, which may be secrets, are not shown."""
    write({"web.yml": templates.denied, "web.env": "USER=admin\nPASSWORD=hunter2\n"})
    result = run("web.yml", "--config", "web.env")
    assert result.errors == ["error: web.env:1:1: must be a map, found a string"]
    assert "hunter2" not in result.out


def test_template_cut_off_anywhere(write: Write, templates: Any) -> None:
    """An interrupted download is an error with a place inside the file, or a shorter template."""
    text = templates.denied
    folder = write({})
    for end in range(0, len(text), 3):
        path = folder / "web.yml"
        path.write_text(text[:end])
        report = engine.check([str(path)])
        lines = text[:end].count("\n") + 1
        assert report.files or report.errors
        assert all(1 <= error.line <= lines for error in report.errors)


@pytest.mark.parametrize("position", range(0, 1200, 97))
@pytest.mark.parametrize("byte", [b"\0", b"\xff", b"\t", b"\r", b"\x1b", b"'", b"{", b"*", b"\x85"])
def test_byte_that_strayed_into_a_template(
    write: Write, templates: Any, position: int, byte: bytes
) -> None:
    """Any single byte anywhere leaves a template that can be judged, or one error."""
    content = templates.denied.encode()
    folder = write({"web.yml": content[:position] + byte + content[position:]})
    report = engine.check([str(folder / "web.yml")])
    assert len(report.errors) <= 1
    assert report.files or report.errors
