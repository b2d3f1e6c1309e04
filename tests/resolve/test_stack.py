"""A template among the templates of its run."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests import stacks

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import TemplateError
from copilot_preflight.resolve.view import View

TEMPLATE = """
Parameters:
  Env: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  Never: !Equals [a, b]
  Always: !Not [{Condition: Never}]
Resources:
  Plain: {Type: AWS::S3::Bucket}
  Prod: {Type: AWS::S3::Bucket, Condition: IsProd}
  Off: {Type: AWS::S3::Bucket, Condition: Never}
  On: {Type: AWS::S3::Bucket, Condition: Always}
  Lost: {Type: AWS::S3::Bucket, Condition: Undeclared}
  Role: {Type: AWS::IAM::Role}
  'Fn::ForEach::Buckets': [Name, [a, b], {}]
"""


def stack(
    text: str = TEMPLATE,
    parameters: Mapping[str, str] | None = None,
    pseudo: Mapping[str, str] | None = None,
    run: Run | None = None,
    file: str = "t.yml",
    addons: str | None = None,
) -> Stack:
    return stacks.stack(text, parameters, pseudo, run, file, addons=addons)


# --- resources ------------------------------------------------------------------------------------


def test_resources_that_a_scenario_has() -> None:
    """Resources of a type, each under the condition that is still open; none that is off."""
    found = View(stack())

    def buckets(parameters: Mapping[str, str] | None = None) -> dict[str, tuple[str, ...]]:
        resources = View(stack(parameters=parameters)).resources("AWS::S3::Bucket")
        return {name: value.conditions for name, value in resources}

    assert buckets() == {"Plain": (), "Prod": ("IsProd",), "On": (), "Lost": ("Undeclared",)}
    assert buckets({"Env": "prod"})["Prod"] == ()
    assert "Prod" not in buckets({"Env": "test"})
    assert [name for name, _ in found.resources("AWS::IAM::Role")] == ["Role"]
    assert list(found.resources("AWS::ECS::Service")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Resources: [a]", "Resources must be a map, found a list"),
        ("Resources: {A: text}", "a resource must be a map, found a string"),
    ],
)
def test_misshapen_resources_are_refused(text: str, message: str) -> None:
    """A template of the wrong shape says so where it is read."""
    with pytest.raises(TemplateError) as caught:
        list(View(stack(text)).resources("AWS::S3::Bucket"))
    assert str(caught.value) == message


@pytest.mark.parametrize("section", ["Parameters", "Conditions", "Mappings"])
def test_misshapen_sections_are_refused(section: str) -> None:
    """So does a section that is no map."""
    with pytest.raises(TemplateError, match=f"{section} must be a map, found a list"):
        stack(f"{section}: [a]\nResources: {{}}").resolver()


# --- what parameters are used for -----------------------------------------------------------------

SHAPES = """
Parameters:
  File: {Type: String}
  Chosen: {Type: String}
  Name: {Type: String}
  Free: {Type: String}
Conditions: {C: !Equals [a, a]}
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !If [C, !Ref Name, x]}}
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Environment: [{Name: A, Value: !Ref Free}]
          EnvironmentFiles:
            - {Type: s3, Value: !Ref File}
            - !If [C, {Type: s3, Value: !If [C, !Ref Chosen, x]}, !Ref AWS::NoValue]
"""


def test_a_parameter_that_is_an_env_file_is_an_object() -> None:
    """Whatever fills it, it is the ARN of an S3 object; a bucket's name is a name."""
    resolver = stack(SHAPES).resolver()
    for name in ("File", "Chosen"):
        found = arn.parse_s3(resolver.parameter(name))
        assert found is not None
        assert found.key is not None
    hole = resolver.parameter("Name").only_hole
    assert hole is not None
    assert set(":/*?") <= set(hole.excludes)
    assert resolver.parameter("Free") == Text.of(Hole("Free", "t.yml"))
    assert resolver.parameter("Free").split("/").complete is False


# --- partitions -----------------------------------------------------------------------------------


def test_env_files_tell_the_partition() -> None:
    """A literal environment file lies in the partition of its stack."""
    text = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - EnvironmentFiles: [{Type: s3, Value: 'arn:aws-cn:s3:::b/k.env'}]
"""
    assert stack(text).resolver().pseudo("AWS::Partition").literal == "aws-cn"
    known = stack(text, pseudo={"AWS::Region": "eu-west-1"})
    assert known.resolver().pseudo("AWS::Partition").literal == "aws"
    given = stack(text, pseudo={"AWS::Partition": "aws-us-gov"})
    assert given.resolver().pseudo("AWS::Partition").literal == "aws-us-gov"


# --- addons ---------------------------------------------------------------------------------------

MAIN = """
Parameters: {App: {Type: String}}
Resources:
  AddonsStack:
    Type: AWS::CloudFormation::Stack
    Properties: {Parameters: {App: !Ref App, Table: !GetAtt Bucket.Arn}}
  Bucket: {Type: AWS::S3::Bucket}
"""
ADDONS = """
Parameters: {App: {Type: String}, Table: {Type: String}, Env: {Type: String, Default: ''}}
Resources: {Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${App}-data'}}}
Outputs:
  Name: {Value: !Ref Bucket}
  Table: {Value: !Ref Table}
  Env: {Value: !Ref Env}
  Odd: text
"""


def test_addons_take_the_parameters_of_their_stack() -> None:
    """The nested template sees what it is handed, and its outputs are known outside."""
    resolver = stack(MAIN, {"App": "shop"}, addons=ADDONS).resolver()

    def output(name: str) -> str:
        return str(resolver.text({"Fn::GetAtt": f"AddonsStack.Outputs.{name}"}, ()))

    assert output("Name") == "shop-data"
    assert output("Table") == "arn:${AWS::Partition}:s3:::${Bucket}"
    assert output("Env") == ""
    assert output("Missing") == "${AddonsStack.Outputs.Missing}"
    assert output("Odd") == "${AddonsStack.Outputs.Odd}"


def test_unknown_values_are_the_same_inside_and_outside() -> None:
    """A parameter of the main template that is handed on stays the same hole."""
    found = stack(MAIN, addons=ADDONS)
    inner = found.resolver().text({"Fn::GetAtt": "AddonsStack.Outputs.Name"}, ())
    outer = found.resolver().text({"Fn::Sub": "${App}-data"}, ())
    assert inner.equals(outer) is True


def test_addons_that_feed_on_themselves_come_to_an_end() -> None:
    """Parameters of the nested stack that take its own outputs are unknown."""
    text = MAIN.replace("!GetAtt Bucket.Arn", "!GetAtt AddonsStack.Outputs.Table")
    resolver = stack(text, addons=ADDONS).resolver()
    found = resolver.text({"Fn::GetAtt": "AddonsStack.Outputs.Table"}, ())
    assert found.literal is None


# --- the run --------------------------------------------------------------------------------------


def test_the_stacks_around_a_stack() -> None:
    """First the stack itself, then its addons, then the others in their order, if they have it."""
    run = Run()
    one = stack(run=run, file="one.yml")
    two = stack(MAIN, run=run, file="two.yml", addons=ADDONS)
    three = stack(run=run, file="three.yml")

    def around(own: Stack) -> list[str]:
        kinds = ("AWS::S3::Bucket", "AWS::CloudFormation::Stack", "AWS::IAM::ManagedPolicy")
        return [other.file for other in View(own).having(*kinds)]

    assert around(two) == ["two.yml", "addons.yml", "one.yml", "three.yml"]
    assert around(one) == ["one.yml", "two.yml", "three.yml"]
    assert [other.file for other in View(two).having("AWS::No::Thing")] == []
    run.leave_out("one.yml")
    assert around(three) == ["three.yml", "two.yml"]
    run.leave_out("addons.yml")
    assert around(two) == ["two.yml", "three.yml"]


def test_exports_of_the_run() -> None:
    """A name that two stacks export tells nothing; a stack that is left out exports nothing."""
    run = Run()
    text = "Resources: {}\nOutputs: {O: {Value: %s, Export: {Name: shared}}}"
    stack(text % "one", run=run, file="one.yml")
    stack(text % "two", run=run, file="two.yml")
    assert run.exported(Text.of("shared")).value is None
    assert run.exported(Text.of("other")).value is None
    assert run.exported(Text.of(Hole("P"))).value is None
    run.leave_out("one.yml")
    assert run.exported(Text.of("shared")).value == Text.of("two")


def test_exports_that_import_each_other() -> None:
    """A circle of imports has no value, and an end."""
    run = Run()
    text = "Resources: {}\nOutputs: {O: {Value: !ImportValue %s, Export: {Name: %s}}}"
    stack(text % ("b", "a"), run=run, file="one.yml")
    stack(text % ("a", "b"), run=run, file="two.yml")
    found = run.exported(Text.of("a")).value
    assert found is not None
    assert found.literal is None


@pytest.mark.parametrize(
    "outputs",
    ["[a]", "{O: text}", "{O: {Value: x}}", "{O: {Export: {Name: x}}}", "{O: {Export: text}}"],
)
def test_misshapen_outputs_export_nothing(outputs: str) -> None:
    """An output without a value or a name is nobody's import."""
    run = Run()
    stack(f"Resources: {{}}\nOutputs: {outputs}", run=run)
    assert run.exported(Text.of("x")).value is None


# --- Copilot --------------------------------------------------------------------------------------


def test_environment_and_workload_of_a_copilot_stack() -> None:
    """The names are those of Copilot's parameters, where they are known."""
    text = "Parameters: {EnvName: {Type: String}, WorkloadName: {Type: String}}\nResources: {}"
    known = stack(text, {"EnvName": "test", "WorkloadName": "web"})
    assert (known.environment, known.workload) == ("test", "web")
    assert (stack(text).environment, stack(text).workload) == ("", "")
    assert (stack().environment, stack().workload) == ("", "")


def test_given_values_know_their_place() -> None:
    """A value that was provided is found with the place that it came from."""
    found = stack(parameters={"Env": "prod"})
    assert found.given("Env") == ParameterValue("prod")
    assert found.given("Other") is None
    assert found.declares("Env")
    assert not found.declares("Other")


def test_many_conditions_are_read_in_few_scenarios() -> None:
    """Each reading decides them all: time grows with their number, not with its square."""

    def may_split(count: int) -> int:
        numbers = range(count)
        pieces = ", ".join(f"!If [C{number}, a, b]" for number in numbers)
        conditions = "".join(f"  C{number}: !Equals [!Ref P, '{number}']\n" for number in numbers)
        name = (
            f"  T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !Join ['', [{pieces}]]}}}}\n"
        )
        text = f"Parameters: {{P: {{Type: String}}}}\nConditions:\n{conditions}Resources:\n{name}"
        return stacks.stack(text).may_split

    assert may_split(30) == 400
    assert 600 * may_split(600) <= 1.1 * 300 * may_split(300)


# --- views ----------------------------------------------------------------------------------------


def test_a_view_is_the_same_for_equal_scenarios() -> None:
    """Whoever asks anew under the same choices gets the answers that were worked out before."""
    found, other = stack(), stack()
    one = View(found)
    assert one == View(found)
    assert hash(one) == hash(View(found))
    assert one != View(other)
    assert one != "a view"
    assert len({one, View(found), View(other)}) == 2
    leaves = one.settle("IsProd")
    assert len({one, *leaves, *one.settle("IsProd")}) == 1 + len(leaves)
    assert repr(one) == "View('t.yml', '')"
    assert [repr(leaf) for leaf in leaves] == [
        "View('t.yml', 'IsProd is true')",
        "View('t.yml', 'IsProd is false')",
    ]


def test_what_is_assumed_without_a_parameter_file() -> None:
    """Defaults that are values; none that is empty, a placeholder or no scalar."""
    text = """
Parameters:
  Env: {Type: String, Default: prod}
  Count: {Type: Number, Default: 0}
  Empty: {Type: String, Default: ''}
  Nothing: {Type: String}
  Odd: {Type: String, Default: [a]}
  Misshapen: text
  Filler: {Type: String, Default: changeme}
Resources: {}
"""
    assumed = list(stack(text).assumed_defaults())
    assert assumed == ["Env", "Count"]
    assert list(stack(text, {}).assumed_defaults()) == []
    assert list(stack("Resources: {}").assumed_defaults()) == []
    assert list(stack("{Parameters: [a], Resources: {}}").assumed_defaults()) == []
