"""Intrinsic functions: what is known of their results, in every place where they may stand."""

from __future__ import annotations

from itertools import combinations

import pytest
from tests.resolve.expressions import KNOWN, resolve, stack

from copilot_preflight.base.symbolic import Hole, Text, match
from copilot_preflight.iam import arn
from copilot_preflight.read.document import parse
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.value import TemplateError, Value
from copilot_preflight.resolve.view import View

# --- one expression, one answer -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        # Plain values, as CloudFormation spells them.
        ("plain", "plain"),
        ("8080", "8080"),
        ("1.50", "1.5"),
        ("true", "true"),
        ("'true'", "true"),
        ("2012-10-17", "2012-10-17"),
        ("''", ""),
        ("~", ""),
        # Ref.
        ("!Ref App", "${App}"),
        ("!Ref Env", "test"),
        ("!Ref Port", "8080"),
        ("!Ref Debug", "true"),
        ("!Ref Secret", "${Secret}"),
        ("!Ref Optional", "${Optional}"),
        ("!Ref Ami", "${Ami}"),
        ("!Ref SsmName", "/x"),
        ("!Ref Size", "${Size}"),
        ("!Ref Only", "one"),
        ("!Ref Missing", "${Missing}"),
        ("!Ref AWS::Region", "eu-west-1"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref AWS::AccountId", "111122223333"),
        ("!Ref AWS::StackName", "${AWS::StackName}"),
        ("!Ref AWS::StackId", "${AWS::StackId}"),
        ("!Ref AWS::NoValue", ""),
        ("!Ref Bucket", "${Bucket}"),
        ("!Ref Named", "data-test"),
        ("!Ref Given", "${App}"),
        ("!Ref Optional1", "${Optional1}"),
        ("!Ref Role", "${Role}"),
        ("!Ref PathRole", "worker"),
        ("!Ref Policy", "arn:aws:iam::111122223333:policy/a/${Policy}"),
        ("!Ref Key", "${Key}"),
        ("!Ref Alias", "alias/app"),
        ("!Ref Parameter", "/app/token"),
        ("!Ref Topic", "arn:aws:sns:eu-west-1:111122223333:news"),
        ("!Ref Queue", "${Queue}"),
        (
            "!Ref SecretValue",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/token-${SecretValue suffix}",
        ),
        # GetAtt, as a string, as a list, of every kind.
        ("!GetAtt Bucket.Arn", "arn:aws:s3:::${Bucket}"),
        ("!GetAtt [Bucket, Arn]", "arn:aws:s3:::${Bucket}"),
        ("{'Fn::GetAtt': 'Named.Arn'}", "arn:aws:s3:::data-test"),
        ("!GetAtt Role.Arn", "arn:aws:iam::111122223333:role/${Role}"),
        ("!GetAtt PathRole.Arn", "arn:aws:iam::111122223333:role/service/worker"),
        ("!GetAtt Policy.PolicyArn", "arn:aws:iam::111122223333:policy/a/${Policy}"),
        ("!GetAtt Key.Arn", "arn:aws:kms:eu-west-1:111122223333:key/${Key}"),
        ("!GetAtt Logs.Arn", "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/app:*"),
        ("!GetAtt Topic.TopicArn", "arn:aws:sns:eu-west-1:111122223333:news"),
        ("!GetAtt Queue.Arn", "arn:aws:sqs:eu-west-1:111122223333:jobs"),
        ("!GetAtt Parameter.Value", "${Parameter.Value}"),
        ("!GetAtt Bucket.DomainName", "${Bucket.DomainName}"),
        ("!GetAtt Custom.Some.Deep.Value", "${Custom.Some.Deep.Value}"),
        ("!GetAtt AddonsStack.Outputs.Policy", "${AddonsStack.Outputs.Policy}"),
        ("!GetAtt Missing.Arn", "${Missing.Arn}"),
        ("!GetAtt [Custom, !Ref Env]", "${Custom.test}"),
        # Sub, in both forms.
        ("!Sub 'a-${Env}-b'", "a-test-b"),
        ("!Sub '${ Env }'", "test"),
        ("!Sub '${!Env}'", "${Env}"),
        ("!Sub '${!aws:username}'", "${aws:username}"),
        ("!Sub 'arn:${AWS::Partition}:s3:::${Bucket}/*'", "arn:aws:s3:::${Bucket}/*"),
        ("!Sub '${Bucket.Arn}/x'", "arn:aws:s3:::${Bucket}/x"),
        ("!Sub ['${A}/${Env}', {A: !GetAtt Named.Arn}]", "arn:aws:s3:::data-test/test"),
        ("!Sub ['${Env}', {Env: shadowed}]", "shadowed"),
        ("!Sub ['${ A }', {A: 1}]", "1"),
        ("!Sub 'no variable $ { } $x'", "no variable $ { } $x"),
        # Join.
        ("!Join ['-', [a, !Ref Env, b]]", "a-test-b"),
        ("!Join ['', []]", ""),
        ("!Join [',', !Ref Names]", "a,b,c"),
        ("!Join ['-', [a, !Ref AWS::NoValue, b]]", "a-b"),
        ("!Join ['-', [a, !If [IsTest, in, out], b]]", "a-in-b"),
        ("!Join ['-', [a, !If [IsTest, !Ref AWS::NoValue, no], b]]", "a-b"),
        ("!Join ['-', !If [IsTest, [a, b], [c]]]", "a-b"),
        ("!Join ['-', !Split [',', 'a,b']]", "a-b"),
        ("!Join ['', ['arn:', !Ref AWS::Partition, ':s3:::', !Ref Bucket, '/app.env']]",
         "arn:aws:s3:::${Bucket}/app.env"),
        # Select and Split.
        ("!Select [1, [a, b]]", "b"),
        ("!Select ['1', [a, b]]", "b"),
        ("!Select [2, !Ref Names]", "c"),
        ("!Select [0, !Split ['/', 'a/b']]", "a"),
        ("!Select [1, [a, !Ref AWS::NoValue, b]]", "b"),
        ("!Select [0, !If [IsTest, [a], [b]]]", "a"),
        ("!Select [0, !FindInMap [Regions, eu-west-1, Names]]", "x"),
        # If.
        ("!If [IsTest, in, out]", "in"),
        ("!If [IsTest, !If [IsTest, both, one], none]", "both"),
        ("!If [IsTest, !Sub '${Env}', no]", "test"),
        ("!If [IsTest, !Ref AWS::NoValue, no]", ""),
        # FindInMap.
        ("!FindInMap [Regions, eu-west-1, Bucket]", "data-eu"),
        ("!FindInMap [Regions, !Ref AWS::Region, Port]", "80"),
        ("!FindInMap [Regions, mars, Bucket, {DefaultValue: data}]", "data"),
        ("!FindInMap [Regions, mars, Bucket, {DefaultValue: !Ref Env}]", "test"),
        ("!FindInMap [Regions, eu-west-1, Bucket, {DefaultValue: data}]", "data-eu"),
        # ImportValue of a stack that is not in the run.
        ("!ImportValue shared-bucket", "${ImportValue shared-bucket}"),
        ("!ImportValue {'Fn::Sub': '${Env}-bucket'}", "${ImportValue test-bucket}"),
        # Dynamic references, wherever they come from.
        ("'{{resolve:ssm:/x}}'", "${{{resolve:ssm:/x}}}"),
        ("'{{resolve:ssm:x}}-{{resolve:ssm:y}}'", "${{{resolve:ssm:x}}}-${{{resolve:ssm:y}}}"),
        ("'{{resolve:ssm:x'", "{{resolve:ssm:x"),
        ("!Sub '{{resolve:ssm:/${Env}}}/b'", "${{{resolve:ssm:/test}}}/b"),
        ("!Sub '${App}{{resolve:ssm:/${App}}}'", "${App}${{{resolve:ssm:/${App}}}}"),
        ("!Sub '{{resolve:ssm:/${App}'", "{{resolve:ssm:/${App}"),
        # One variable of a Sub's own map, twice.
        ("!Sub ['${A}-${A}', {A: !Ref Env}]", "test-test"),
        ("!Join ['', ['{{resolve:ssm:', !Ref Env, '}}']]", "${{{resolve:ssm:test}}}"),
    ],
)  # fmt: skip
def test_functions(expression: str, text: str) -> None:
    """An expression stands for this string, holes and all."""
    assert str(resolve(expression, pseudo=KNOWN)) == text


UNKNOWN = [
    "!Base64 plain",
    "!Cidr [10.0.0.0/16, 2]",
    "!GetAZs ''",
    "!Select [0, !GetAZs '']",
    "!Select [0, !Cidr [10.0.0.0/16, 2]]",
    "!Select [0, !Ref OpenNames]",
    "!Select [0, !Ref Subnets]",
    "!Select [0, !Ref Amis]",
    "!Select [9, [a, b]]",
    "!Select [-1, [a, b]]",
    "!Select ['²', [a, b]]",
    "!Select [!Ref App, [a, b]]",
    "!Select [1, !Split [':', !Ref App]]",
    "!Join [',', !Ref OpenNames]",
    "!Join [',', !Ref Subnets]",
    "!Join [',', !Ref AWS::NotificationARNs]",
    "!Select [0, !Split [!Ref App, a-b]]",
    "!FindInMap [Regions, !Ref App, Bucket]",
    "!FindInMap [Regions, !Ref App, Bucket, {DefaultValue: data}]",
    "!FindInMap [Included, a, b]",
    "!FindInMap [Included, a, b, {DefaultValue: data}]",
    "!FindInMap [Missing, a, b]",
    "!FindInMap [Regions, mars, Bucket]",
    "!FindInMap [Regions, eu-west-1, Names]",
    "{'Fn::Transform': {Name: Macro}}",
    "{'Fn::Length': [a]}",
    "{'Fn::ToJsonString': {a: b}}",
    "{'Fn::ForEach::X': [Y, [a, b], {}]}",
    "{not: a function}",
    "[a, list]",
]


@pytest.mark.parametrize("expression", UNKNOWN)
def test_unknown_results_are_holes(expression: str) -> None:
    """What cannot be worked out is one hole, of which nothing but its expression is known."""
    found, again, other = (resolve(e) for e in (expression, expression, "!Base64 other"))
    hole = found.only_hole
    assert hole is not None
    assert (hole.excludes, hole.nonempty, hole.never) == ("", False, frozenset())
    assert found.equals(again) is True
    assert found.equals(other) is None


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("!Ref [a]", "Fn takes"),
        ("!GetAtt nothing", "Fn::GetAtt takes a resource and an attribute"),
        ("!GetAtt [a, b, c]", "Fn::GetAtt takes a resource and an attribute"),
        ("!Sub [a]", "Fn::Sub takes a string, or a list of a string and a map"),
        ("!Sub {a: b}", "Fn::Sub takes a string"),
        ("!Join [a]", "Fn::Join takes a delimiter and a list"),
        ("!Sub [[a], {}]", "Fn::Sub takes a string"),
        ("!Select [a]", "Fn::Select takes an index and a list"),
        ("!Select [0, !Split [a]]", "Fn::Split takes a delimiter and a string"),
        ("!If [IsTest, a]", "Fn::If takes a condition name and two values"),
        ("!FindInMap [a, b]", "Fn::FindInMap takes a map name and two keys"),
    ],
)
def test_misshapen_functions_are_refused_with_their_place(expression: str, place: str) -> None:
    """A function with arguments of the wrong shape is an error of the template, and says where."""
    with pytest.raises(TemplateError) as caught:
        resolve(expression)
    message = "Ref takes the name of a parameter or resource" if place == "Fn takes" else place
    assert str(caught.value) == message
    assert caught.value.file == "t.yml"
    assert caught.value.path[0] == "Value"


# --- undecided branches ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "condition", "values"),
    [
        ("!If [IsProd, a, b]", "IsProd", ("a", "b")),
        ("!If [IsProd, a, !Ref AWS::NoValue]", "IsProd", ("a", "")),
        ("!Sub ['${X}-y', {X: !If [IsProd, a, b]}]", "IsProd", ("a-y", "b-y")),
        ("!Join ['-', [x, !If [IsProd, a, b]]]", "IsProd", ("x-a", "x-b")),
        ("!Join ['-', [x, !If [IsProd, a, !Ref AWS::NoValue]]]", "IsProd", ("x-a", "x")),
        ("!Join ['-', !If [IsProd, [a], [b, c]]]", "IsProd", ("a", "b-c")),
        ("!Select [0, !If [IsProd, [a], [b]]]", "IsProd", ("a", "b")),
        ("!Select [0, !Split ['-', !If [IsProd, a-x, b-x]]]", "IsProd", ("a", "b")),
        ("!FindInMap [Regions, !If [IsProd, us-east-1, eu-west-1], Bucket]", "IsProd",
         ("data-us", "data-eu")),
        ("!Ref Chosen", "IsProd", ("live", "play")),
        ("!GetAtt Chosen.Arn", "IsProd", ("arn:aws:s3:::live", "arn:aws:s3:::play")),
        ("!If [IsTest, !If [IsProd, a, b], c]", "IsProd", ("a", "b")),
    ],
)  # fmt: skip
def test_undecided_branches_name_their_condition(
    expression: str, condition: str, values: tuple[str, str]
) -> None:
    """A hole says which condition would fill it, and each outcome then fills it."""
    known = stack(pseudo=KNOWN)
    raw = parse(f"Value: {expression}", "e.yml").data["Value"]
    found = known.resolver().text(raw, ("Value",))
    assert [hole.condition for hole in found.holes] == [condition]
    for outcome, value in zip((True, False), values, strict=True):
        (leaf,) = (leaf.scenario for leaf in View(known).where(((condition, outcome),)))
        assert known.resolver(leaf).text(raw, ("Value",)).literal == value


def test_undecided_elements_are_guarded() -> None:
    """Elements of a list carry the outcomes under which they are there."""
    text = "[a, !If [IsProd, b, !Ref AWS::NoValue], !If [IsProd, !Ref AWS::NoValue, c], d]"
    value = Value(stack().resolver(), parse(text, "e.yml").data, ("L",))
    assert [(str(e.text()), e.guard, e.path) for e in value.elements()] == [
        ("a", (), ("L", 0)),
        ("b", (("IsProd", True),), ("L", 1, "Fn::If", 1)),
        ("c", (("IsProd", False),), ("L", 2, "Fn::If", 2)),
        ("d", (), ("L", 3)),
    ]


def test_a_branch_inside_its_own_branch_is_decided() -> None:
    """Under one outcome of a condition the other one's values are out of reach."""
    text = "!If [IsProd, !If [IsProd, a, b], !If [IsProd, c, d]]"
    value = Value(stack().resolver(), parse(f"L: {text}", "e.yml").data["L"], ("L",))
    assert [(str(v.text()), v.guard) for v in value.variants()] == [
        ("a", (("IsProd", True),)),
        ("d", (("IsProd", False),)),
    ]


def test_a_child_is_there_for_certain_or_not_at_all() -> None:
    """A value that only one outcome of a condition has is not taken for granted."""
    resolver = stack().resolver()
    text = "{A: {B: c}, D: !If [IsProd, x, !Ref AWS::NoValue], E: !If [IsProd, x, y], F: !Ref Env}"
    value = Value(resolver, parse(text, "e.yml").data, ("M",))
    assert value.literal("A", "B") == "c"
    assert value.literal("D") is None
    assert value.literal("E") is None
    assert value.literal("F") == "test"
    assert value.literal("G") is None
    assert [v.guard for v in value.children("D")] == [(("IsProd", True),)]


def test_lists_behind_functions() -> None:
    """A function that stands for a list gives its elements, or one that stands for any number."""
    resolver = stack(pseudo=KNOWN).resolver()

    def elements(expression: str) -> list[tuple[str, bool]]:
        raw = parse(f"L: {expression}", "e.yml").data["L"]
        return [(str(e.text())[:9], e.is_open) for e in Value(resolver, raw, ("L",)).elements()]

    assert elements("!Ref Names") == [("a", False), ("b", False), ("c", False)]
    assert elements("!Split ['/', a/b]") == [("a", False), ("b", False)]
    assert elements("!FindInMap [Regions, eu-west-1, Names]") == [("x", False), ("y", False)]
    assert elements("lone") == [("lone", False)]
    assert elements("!FindInMap [Regions, eu-west-1, Bucket]") == [("data-eu", False)]
    assert elements("!Ref AWS::NoValue") == []
    assert elements("~") == []
    assert elements("!Ref App") == [("${App}", False)]
    for expression in ("!Ref Subnets", "!Ref OpenNames", "!Split ['/', !Ref Secret]", "!GetAZs ''"):
        assert [is_open for _, is_open in elements(expression)] == [True]


# --- Copilot's bucket expression ------------------------------------------------------------------

COPILOT = """
Parameters:
  EnvFileARN: {Type: String, Default: ''}
Conditions:
  HasEnvFile: !Not [!Equals [!Ref EnvFileARN, '']]
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - EnvironmentFiles:
          - !If [HasEnvFile, {Type: s3, Value: !Ref EnvFileARN}, !Ref AWS::NoValue]
"""
BUCKET = """
Fn::Join: ['', ['arn:', !Ref AWS::Partition, ':s3:::',
  !Select [0, !Split ['/', !Select [5, !Split [':', !Ref EnvFileARN]]]]]]
"""


def test_copilots_bucket_is_the_bucket_of_the_file() -> None:
    """Copilot's expression is the ARN of the file's bucket, with no parameter known."""
    found = stack(COPILOT)
    (leaf,) = (leaf.scenario for leaf in View(found).where((("HasEnvFile", True),)))
    resolver = found.resolver(leaf)
    file = arn.parse_s3(resolver.parameter("EnvFileARN"))
    bucket = resolver.text(parse(BUCKET, "e.yml").data, ())
    assert file is not None
    assert file.key is not None
    assert bucket == arn.s3_arn(file.partition, file.bucket)
    assert match(bucket, arn.s3_arn(file.partition, file.bucket)) is True
    assert match(resolver.parameter("EnvFileARN"), bucket) is False


def test_copilots_bucket_with_the_value() -> None:
    """The same expression, with the ARN provided."""
    found = stack(COPILOT, {"EnvFileARN": "arn:aws-cn:s3:::b/manual/env-files/x.env/1.env"})
    assert found.resolver().text(parse(BUCKET, "e.yml").data, ()).literal == "arn:aws-cn:s3:::b"


# --- other stacks ---------------------------------------------------------------------------------

EXPORTING = """
Parameters: {Name: {Type: String, Default: shared}}
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: artifacts}}
  Other: {Type: AWS::S3::Bucket}
Outputs:
  Bucket: {Value: !GetAtt Bucket.Arn, Export: {Name: !Sub '${Name}-bucket'}}
  Other: {Value: !Ref Other, Export: {Name: other}}
  Open: {Value: x, Export: {Name: !Sub '${AWS::StackName}-x'}}
  Loop: {Value: !ImportValue loop, Export: {Name: loop}}
"""


def test_imports_are_linked_through_the_run() -> None:
    """What another stack of the run exports is known; what none exports is a hole."""
    run = Run()
    stack(EXPORTING, run=run, file="env.yml")
    resolver = stack("Resources: {}", run=run, pseudo=KNOWN).resolver()

    def imported(name: str) -> Text:
        return resolver.text({"Fn::ImportValue": name}, ())

    assert str(imported("shared-bucket")) == "arn:${AWS::Partition}:s3:::artifacts"
    assert imported("other").only_hole == Hole("Other", "env.yml")
    assert imported("missing").only_hole == Hole("ImportValue missing")
    assert imported("loop").only_hole == Hole("ImportValue loop")
    assert imported("missing").equals(imported("missing")) is True


def test_imports_under_unknown_names_are_values_of_their_own_template() -> None:
    """Two templates that import '${Env}-x' need not import the same."""
    text = "Parameters: {Env: {Type: String}}\nResources: {}"
    raw = {"Fn::ImportValue": {"Fn::Sub": "${Env}-x"}}
    one, two = (stack(text, file=file).resolver().text(raw, ()) for file in ("a.yml", "b.yml"))
    assert one.equals(two) is None
    assert one.equals(one) is True


def test_long_expressions_that_begin_alike_are_different_values() -> None:
    """Names are cut short for the reader, never for the comparison."""
    one, two = (resolve(f"!ImportValue {'x' * 100}{end}") for end in "ab")
    assert one.equals(two) is None


# --- cycles and depth -----------------------------------------------------------------------------


def test_a_name_that_depends_on_itself_is_refused() -> None:
    """Resources whose names refer to each other are an error of the template."""
    text = """
Resources:
  A: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref B}}
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${A}-b'}}
"""
    with pytest.raises(TemplateError, match="depends on itself"):
        stack(text).resolver().text({"Ref": "A"}, ())


def test_conditions_that_depend_on_themselves_are_refused() -> None:
    """A cycle of conditions is named."""
    text = """
Conditions:
  A: !Not [{Condition: B}]
  B: !And [{Condition: A}, {Condition: A}]
Resources: {}
"""
    with pytest.raises(TemplateError, match="condition depends on itself: A -> B -> A"):
        stack(text).resolver().decide("A")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("[a]", "a condition must be a map with one condition function"),
        ("text", "a condition must be a map with one condition function"),
        ("{'Fn::Not': [true], 'Fn::And': []}", "a condition must be a map with one"),
        ("{Condition: [B]}", "Condition takes the name of a condition"),
        ("{'Fn::Not': {Condition: B}}", "Fn::Not takes a list"),
        ("!Equals [a]", "Fn::Equals takes a list of two values"),
        ("!Equals [a, b, c]", "Fn::Equals takes a list of two values"),
        ("!And []", "Fn::And takes a list of conditions"),
        ("!Not []", "Fn::Not takes a list of conditions"),
        ("!Or [!Not [text]]", "a condition must be a map with one condition function"),
    ],
)
def test_misshapen_conditions_are_refused_with_their_place(condition: str, message: str) -> None:
    """Whatever CloudFormation would refuse is an error of the template, and says where."""
    text = f"Conditions:\n  A: {condition}\n  B: !Equals [a, a]\nResources: {{}}\n"
    with pytest.raises(TemplateError, match=message) as caught:
        stack(text).resolver().decide("A")
    assert caught.value.path[:2] == ("Conditions", "A")
    with pytest.raises(TemplateError, match=message):
        stack(text).verify()


def test_true_and_false_are_conditions() -> None:
    """A condition that is written out is decided, and so is what is made of it."""
    text = "Conditions: {A: !Not [true], B: !Or [false, true], C: true}\nResources: {}\n"
    resolver = stack(text).resolver()
    assert [resolver.decide(name) for name in "ABC"] == [False, True, True]


def test_a_condition_that_only_aws_can_write_out_is_open() -> None:
    """It decides nothing, is the same wherever it is asked, and can be assumed either way."""
    text = """
Conditions:
  A: {'Fn::Transform': {Name: Macro}}
  B: !Not [{Condition: A}]
  'Fn::Transform': {Name: Macro}
Resources: {}
"""
    found = stack(text)
    found.verify()
    assert [found.resolver().decide(name) for name in "AB"] == [None, None]
    outcomes = [(leaf.decide("A"), leaf.decide("B")) for leaf in View(found).settle("B")]
    assert sorted(outcomes, key=str) == [(False, True), (True, False)]


@pytest.mark.parametrize(
    ("literal", "regions"),
    [("eu-west-1", {"eu-west-1", None}), ("cn-north-1", {None}), ("us-gov-west-1", {None})],
)
def test_a_region_of_another_partition_is_no_choice(literal: str, regions: set[str | None]) -> None:
    """A stack whose partition is known lies in none of another partition's regions."""
    text = f"Conditions: {{A: !Equals [!Ref AWS::Region, {literal}]}}\nResources: {{}}\n"
    leaves = View(stack(text, pseudo={"AWS::Partition": "aws"})).settle("A")
    assert {leaf.resolver.pseudo("AWS::Region").literal for leaf in leaves} == regions
    assert {leaf.decide("A") for leaf in leaves} == {region is not None for region in regions}


def test_names_that_only_the_deployment_gives() -> None:
    """The attribute of a resource may be a parameter's: one value for each name."""
    one, again = resolve("!GetAtt [Bucket, !Ref App]"), resolve("!GetAtt [Bucket, !Ref App]")
    assert str(one) == "${Bucket.${App}}"
    assert one.equals(again) is True
    assert one.equals(resolve("!GetAtt [Bucket, !Ref Secret]")) is None


UNKNOWN_LISTS = [
    "!FindInMap [Regions, !Ref App, Names]",
    "!GetAtt Zone.NameServers",
    "!ImportValue x",
]


@pytest.mark.parametrize("among", UNKNOWN_LISTS)
def test_an_unknown_list_is_none_of_its_elements(among: str) -> None:
    """Joined by other characters it is another string, and the first of it is not the whole."""
    made = [
        resolve(expression, pseudo=KNOWN)
        for expression in (
            f"!Join ['-', {among}]",
            f"!Join ['', {among}]",
            f"!Join ['-', !If [IsTest, {among}, [a]]]",
            f"!Select [0, {among}]",
            among,
        )
    ]
    joined = {(0, 2)}  # the condition holds: the same list, joined in the same way
    for (i, one), (j, two) in combinations(enumerate(made), 2):
        assert one.equals(two) is None or (i, j) in joined
        assert match(one, two) is None or (i, j) in joined


def test_a_string_of_many_references_is_not_read() -> None:
    """Fn::Sub with more variables than a template could mean is one hole; with few, it is read."""
    few = resolve("!Sub '" + "${Env}" * 20 + "'", pseudo=KNOWN)
    assert few.literal == "test" * 20
    many = resolve("!Sub '" + "${Env}" * 200_000 + "'", pseudo=KNOWN)
    assert many.only_hole is not None


def test_a_long_chain_of_conditions_is_refused_or_decided() -> None:
    """However long the chain, there is an answer or an error of the template."""
    chain = "\n".join(f"  C{i}: !Not [{{Condition: C{i + 1}}}]" for i in range(2000))
    text = f"Parameters: {{P: {{Type: String}}}}\nConditions:\n{chain}\n"
    text += "  C2000: !Equals [!Ref P, x]\nResources: {}"
    with pytest.raises(TemplateError, match="conditions depend on each other too deeply"):
        stack(text).resolver().decide("C0")
