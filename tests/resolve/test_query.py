"""What is asked once is kept, with the templates that the answer comes from."""

from __future__ import annotations

import pytest

from copilot_preflight.base.symbolic import Text
from copilot_preflight.inputs.package import Package
from copilot_preflight.model.buckets import bucket_named
from copilot_preflight.read.document import parse
from copilot_preflight.resolve import indexes
from copilot_preflight.resolve.query import EVERY, MEMBERS, query, query_by
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.scenario import Scenario
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View

BUCKET = "Resources: {Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: %s}}}"
EXPORT = BUCKET + "\nOutputs: {O: {Value: !Ref Bucket, Export: {Name: shared}}}"
IMPORT = (
    "Resources: {Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !ImportValue shared}}}"
)


def add(run: Run, file: str, text: str) -> Stack:
    return run.add(Package(parse(text, file)))


@pytest.fixture
def asked() -> list[str]:
    """The files of the views that the queries below were really worked out for."""
    return []


class Names:
    """Two queries, one of which asks the other about every view of the run."""

    def __init__(self, asked: list[str]) -> None:
        @query
        def own(view: View) -> tuple[str, ...]:
            asked.append(view.file)
            found = view.resources("AWS::S3::Bucket")
            return tuple(str(view.ref(name, resource)) for name, resource in found)

        @query
        def around(view: View) -> tuple[str, ...]:
            return tuple(name for other in view.having("AWS::S3::Bucket") for name in own(other))

        @query_by(lambda value: str(value))
        def echo(view: View, value: Text) -> str:
            asked.append(view.file)
            return f"{view.file} {value}"

        self.own, self.around, self.echo = own, around, echo


def test_an_answer_is_worked_out_once(asked: list[str]) -> None:
    """Equal views share it; another scenario has one of its own."""
    names = Names(asked)
    stack = add(Run(), "one.yml", BUCKET % "a")
    assert [names.own(View(stack)), names.own(View(stack))] == [("a",), ("a",)]
    assert asked == ["one.yml"]
    names.own(View(stack, Scenario(every_branch=True)))
    assert asked == ["one.yml", "one.yml"]


def test_a_key_stands_for_arguments(asked: list[str]) -> None:
    """What has one key is one question."""
    names, view = Names(asked), View(add(Run(), "one.yml", BUCKET % "a"))
    assert names.echo(view, Text.of("x")) == names.echo(view, Text.of("x")) == "one.yml x"
    assert names.echo(view, Text.of("y")) == "one.yml y"
    assert len(asked) == 2


def test_a_template_that_is_left_out_takes_its_answers_along(asked: list[str]) -> None:
    """What was worked out from it is worked out anew, and nothing else is."""
    run, names = Run(), Names(asked)
    one, _, three = (add(run, f"{n}.yml", BUCKET % n) for n in ("one", "two", "three"))
    assert names.around(View(one)) == ("one", "two", "three")
    assert names.own(View(three)) == ("three",)
    asked.clear()
    run.leave_out("two.yml")
    assert names.around(View(one)) == ("one", "three")
    assert asked == []  # what the other templates say of themselves is still known


def test_an_answer_through_an_import_depends_on_the_exporter(asked: list[str]) -> None:
    """A value that another template exports goes with it, also by way of a third one."""
    run, names = Run(), Names(asked)
    add(run, "exporter.yml", EXPORT % "exported")
    importer = add(run, "importer.yml", IMPORT)
    bystander = add(run, "bystander.yml", BUCKET % "b")
    assert names.own(View(importer)) == ("exported",)
    assert names.around(View(bystander)) == ("b", "exported", "exported")
    run.leave_out("exporter.yml")
    assert names.own(View(importer)) == ("${ImportValue shared}",)
    assert names.around(View(bystander)) == ("b", "${ImportValue shared}")


def test_a_template_that_is_added_is_asked_too(asked: list[str]) -> None:
    """An answer about all templates of a run holds no longer when there is another one."""
    run, names = Run(), Names(asked)
    one = add(run, "one.yml", BUCKET % "one")
    assert indexes.has(run, "AWS::S3::Bucket")
    assert not indexes.has(run, "AWS::IAM::Role")
    assert names.around(View(one)) == ("one",)
    add(run, "two.yml", "Resources: {Role: {Type: AWS::IAM::Role}}")
    assert indexes.has(run, "AWS::IAM::Role")
    assert names.around(View(one)) == ("one",)


def test_a_question_that_fails_has_no_answer(asked: list[str]) -> None:
    """Nothing is kept of it, and what it had read is not laid to the charge of the next one."""
    run = Run()
    broken, sound = add(run, "broken.yml", "Resources: [a]"), add(run, "sound.yml", BUCKET % "a")
    names = Names(asked)
    with pytest.raises(Exception, match="Resources must be a map"):
        names.own(View(broken))
    names.own(View(sound))
    run.leave_out("broken.yml")
    asked.clear()
    assert names.own(View(sound)) == ("a",)
    assert asked == []


def test_an_answer_from_many_templates_names_none(asked: list[str]) -> None:
    """What is kept of it does not grow with the run, and it goes with any of them."""
    run, names = Run(), Names(asked)
    first = add(run, "0.yml", BUCKET % "0")
    for number in range(1, 50):
        add(run, f"{number}.yml", BUCKET % number)
    run.reads.begin()
    assert len(names.around(View(first))) == 50
    files = run.reads.end()
    assert files == {MEMBERS, EVERY}
    assert indexes.sources(run, files) is None
    run.leave_out("49.yml")
    assert len(names.around(View(first))) == 49


def test_an_answer_by_name_depends_on_the_templates_that_it_leads_to() -> None:
    """Also on what those import; to have stood in the index with them is nothing."""
    run = Run()
    add(run, "exporter.yml", EXPORT % "exported")
    add(run, "importer.yml", IMPORT)
    asking = add(run, "asking.yml", BUCKET % "own")
    for number in range(50):
        add(run, f"{number}.yml", BUCKET % number)
    run.reads.begin()
    assert bucket_named(View(asking), Text.of("7")) is not None
    files = run.reads.end()
    assert EVERY not in files
    # "importer.yml" has its bucket's name from "exporter.yml": it may stand under another then.
    assert sorted(indexes.sources(run, files) or ()) == ["7.yml", "asking.yml", "exporter.yml"]
    run.leave_out("8.yml")
    assert bucket_named(View(asking), Text.of("8")) is None
    assert bucket_named(View(asking), Text.of("exported")) is not None
    run.leave_out("exporter.yml")
    assert bucket_named(View(asking), Text.of("exported")) is None
