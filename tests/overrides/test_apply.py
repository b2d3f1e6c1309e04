"""What patches make of a template, against what Copilot's own code was seen to do."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_preflight.base.finding import Place
from copilot_preflight.overrides.apply import DoesNotApply, Patched, Reason, apply, is_patched
from copilot_preflight.overrides.nodes import node_of, node_of_data
from copilot_preflight.overrides.patches import Patch, parse, pointer
from copilot_preflight.overrides.spelling import flow_of
from copilot_preflight.read import document

TEMPLATE = """\
Description: A service.
Conditions:
  HasEnvFile: !Not [!Equals [!Ref EnvFileARN, '']]
Resources:
  LogGroup:
    Type: AWS::Logs::LogGroup
    Properties:
      RetentionInDays: 30
  Role:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [one]
      Policies:
        - PolicyName: first
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: a, Resource: !GetAtt Key.Arn}
              - {Effect: Allow, Action: b, Resource: '*'}
              - {Effect: Allow, Action: c, Resource: '*'}
        - !If
          - HasEnvFile
          - PolicyName: second
            PolicyDocument:
              Statement:
                - {Effect: Allow, Action: d, Resource: [!Ref EnvFileARN]}
          - !Ref AWS::NoValue
  'odd/name~1': {Fn::If: [HasEnvFile, a, b]}
"""
POLICIES = "/Resources/Role/Properties/Policies"


def patched(patches: str, template: str = TEMPLATE) -> Patched:
    parsed = parse(document.parse(patches, "cfn.patches.yml"))
    assert parsed.faults == ()
    return apply(parsed.patches, document.parse(template, "t.yml"))


def one(op: str, path: str, value: str = "new", template: str = TEMPLATE) -> Patched:
    value = "" if op == "remove" else f", value: {value}"
    return patched(f"- {{op: {op}, path: '{path}'{value}}}", template)


def refused(patches: str, template: str = TEMPLATE) -> DoesNotApply:
    with pytest.raises(DoesNotApply) as raised:
        patched(patches, template)
    return raised.value


def at(of: Patched, *path: str | int) -> object:
    data = of.template.data
    for step in path:
        data = data[step]
    return data


ROLE = ("Resources", "Role", "Properties")


# --- what applies ----------------------------------------------------------------------------


def test_a_new_key_is_added_to_a_mapping() -> None:
    """A parent that is there is enough."""
    result = one("add", "/Resources/LogGroup/Properties/Tags", "[{Key: k, Value: v}]")
    assert at(result, "Resources", "LogGroup", "Properties") == {
        "RetentionInDays": 30,
        "Tags": [{"Key": "k", "Value": "v"}],
    }


def test_an_add_replaces_what_is_there_and_says_so() -> None:
    """Copilot says nothing: the list of managed policies is gone."""
    result = one("add", "/Resources/Role/Properties/ManagedPolicyArns", "[two]")
    assert at(result, *ROLE, "ManagedPolicyArns") == ["two"]
    (effect,) = result.effects
    assert effect.replaced is not None
    assert effect.replaced.data == ["one"]


@pytest.mark.parametrize(
    ("index", "expected"),
    [("0", ["new", "one"]), ("1", ["one", "new"]), ("-", ["one", "new"]), ("+1", ["one", "new"])],
)
def test_an_add_to_a_list_inserts(index: str, expected: list[str]) -> None:
    """At any index up to the length, and behind all with a dash; numbers are Go's."""
    result = one("add", f"/Resources/Role/Properties/ManagedPolicyArns/{index}")
    assert at(result, *ROLE, "ManagedPolicyArns") == expected
    assert result.effects[0].replaced is None


def test_a_short_tag_is_a_list_of_its_own() -> None:
    """``!If`` has the condition at 0, the value at 1 and the other one at 2."""
    path = f"{POLICIES}/1/1/PolicyDocument/Statement/0/Resource/0"
    result = one("replace", path, "'*'")
    branch = at(result, *ROLE, "Policies", 1, "Fn::If", 1, "PolicyDocument")
    assert branch == {"Statement": [{"Effect": "Allow", "Action": "d", "Resource": ["*"]}]}


def test_a_long_function_is_a_key() -> None:
    """As CDK writes it, and as nobody writes a short one."""
    assert at(one("replace", "/Resources/odd~1name~01/Fn::If/1"), "Resources", "odd/name~1") == {
        "Fn::If": ["HasEnvFile", "new", "b"]
    }


def test_the_first_step_is_left_out_whatever_it_is() -> None:
    """There is no need for it to be empty."""
    result = one("replace", "anything/Resources/LogGroup/Properties/RetentionInDays", "1")
    assert at(result, "Resources", "LogGroup", "Properties", "RetentionInDays") == 1


def test_an_item_and_a_key_are_removed() -> None:
    """The path leads to what goes away."""
    result = patched(
        f"[{{op: remove, path: {POLICIES}/0/PolicyDocument/Statement/0}},"
        " {op: remove, path: /Resources/LogGroup}]"
    )
    statements = at(result, *ROLE, "Policies", 0, "PolicyDocument", "Statement")
    assert isinstance(statements, list)
    assert [it["Action"] for it in statements] == ["b", "c"]
    assert "LogGroup" not in result.template.data["Resources"]


def test_patches_build_on_each_other() -> None:
    """Each one sees what those before it have written."""
    result = patched(
        """
        - {op: add, path: /Resources/Topic, value: {Type: 'AWS::SNS::Topic'}}
        - {op: add, path: /Resources/Topic/Properties, value: {}}
        - {op: add, path: /Resources/Topic/Properties/TopicName, value: !Sub '${AWS::Region}-t'}
        """
    )
    assert at(result, "Resources", "Topic") == {
        "Type": "AWS::SNS::Topic",
        "Properties": {"TopicName": {"Fn::Sub": "${AWS::Region}-t"}},
    }


def test_a_value_that_is_left_empty_is_null() -> None:
    """It is accepted, and appended as nothing."""
    result = patched(f"- op: add\n  path: {POLICIES}/-\n  value:\n")
    assert at(result, *ROLE, "Policies", 2) is None


def test_the_whole_template_can_be_replaced() -> None:
    """With ``add`` the rest of the patches stands in no document any more, and says nothing."""
    replaced = one("replace", "", "{Description: x, Resources: {}}")
    assert replaced.template.data == {
        "Description": "x using AWS Copilot with YAML patches.",
        "Resources": {},
    }
    added = one("add", "Resources", "{Description: x}")
    assert added.template.data == {"Description": "x"}
    assert one("remove", "").template.data is None


def test_the_description_says_that_there_were_patches() -> None:
    """Without its full stop, also where no patch did anything."""
    result = apply((), document.parse(TEMPLATE, "t.yml"))
    assert at(result, "Description") == "A service using AWS Copilot with YAML patches."
    assert is_patched(result.template)
    assert not is_patched(document.parse(TEMPLATE, "t.yml"))
    assert not is_patched(document.parse("Resources: {}", "t.yml"))


def test_the_original_stays_as_it_is() -> None:
    """Documents share their data with whoever asks for them."""
    original = document.parse(TEMPLATE, "t.yml")
    patches = parse(document.parse(f"[{{op: remove, path: {POLICIES}/0}}]", "p.yml")).patches
    once, again = apply(patches, original), apply(patches, original)
    assert original.data == document.parse(TEMPLATE, "t.yml").data
    assert once.template.data == again.template.data


def test_a_patch_keeps_its_value_when_a_later_one_changes_it() -> None:
    """What was written is a copy."""
    source = document.parse(
        "[{op: add, path: /A, value: {b: 1}}, {op: replace, path: /A/b, value: 2}]", "p.yml"
    )
    patches = parse(source).patches
    assert apply(patches, document.parse("{}", "t.yml")).template.data == {"A": {"b": 2}}
    assert patches[0].data == {"b": 1}


# --- what does not ---------------------------------------------------------------------------


@pytest.mark.parametrize("op", ["test", "move", "copy", "", "Add"])
def test_other_operations_are_refused(op: str) -> None:
    """Copilot takes three of RFC 6902's six."""
    fault = refused(f"- {{op: '{op}', path: /Resources, value: 1}}")
    assert fault.reason is Reason.OPERATION
    assert str(fault) == (
        f'unsupported operation "{op}": supported operations are "add", "remove", and "replace".'
    )


@pytest.mark.parametrize(
    ("op", "path", "words", "reason"),
    [
        (
            "replace",
            f"{POLICIES}/1/Fn::If/1/PolicyName",
            f'key "{POLICIES}/1": expected index in sequence, got "Fn::If"',
            Reason.NO_INDEX,
        ),
        (
            "add",
            f"{POLICIES}/0/PolicyDocument/Statement/4",
            f'key "{POLICIES}/0/PolicyDocument/Statement": index 4 out of bounds for sequence of '
            "length 3",
            Reason.BOUNDS,
        ),
        (
            "remove",
            "/Resources/Role/Properties/ManagedPolicyArns/1",
            'key "/Resources/Role/Properties/ManagedPolicyArns": index 1 out of bounds for '
            "sequence of length 0",
            Reason.BOUNDS,
        ),
        (
            "replace",
            "Resources/LogGroup/Properties",
            'key "Resources": "LogGroup" not found in map',
            Reason.KEY,
        ),
        ("add", "/Resources/No/Properties", 'key "/Resources": "No" not found in map', Reason.KEY),
        ("remove", "/Resources/No", 'key "/Resources": "No" not found in map', Reason.KEY),
        ("replace", "/Resources/No", 'key "/Resources": "No" not found in map', Reason.KEY),
        (
            "replace",
            f"{POLICIES}/-",
            f'key "{POLICIES}": expected index in sequence, got "-"',
            Reason.NO_INDEX,
        ),
        (
            "remove",
            f"{POLICIES}/-1",
            f'key "{POLICIES}": index -1 out of bounds for sequence of length 1',
            Reason.BOUNDS,
        ),
        (
            "add",
            "/Resources/LogGroup/Type/x",
            'key "/Resources/LogGroup/Type": invalid node type scalar',
            Reason.NODE,
        ),
        (
            "replace",
            f"{POLICIES}/0/PolicyDocument/Statement/0/Resource/0",
            f'key "{POLICIES}/0/PolicyDocument/Statement/0/Resource": invalid node type scalar',
            Reason.NODE,
        ),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(
    op: str, path: str, words: str, reason: Reason
) -> None:
    """In Copilot's words, whose length of a list is its last index."""
    fault = refused(f"- {{op: {op}, path: '{path}', value: 1}}")
    assert str(fault) == words
    assert fault.reason is reason


@pytest.mark.parametrize("op", ["add", "replace"])
def test_a_value_is_required(op: str) -> None:
    """An empty one is one, and none at all is not."""
    fault = refused(f"- {{op: {op}, path: /Resources/LogGroup, vlaue: 1}}")
    assert (fault.reason, str(fault)) == (Reason.VALUE, "value required")


def test_the_first_patch_that_fails_ends_it() -> None:
    """Later ones are not looked at, and the number is that of the list."""
    fault = refused("[{op: remove, path: /Resources/LogGroup}, {op: a}, {op: b}]")
    assert fault.number == 1


def test_after_the_document_is_replaced_every_step_counts() -> None:
    """Also the first, empty one: there is no document to leave it out for."""
    fault = refused("[{op: add, path: '', value: {a: 1}}, {op: remove, path: /a}]")
    assert str(fault) == 'key "": "" not found in map'


def test_aliases_are_no_way_and_merged_keys_are_not_found() -> None:
    """Copilot walks the nodes as they are written."""
    template = "a: &a {b: [1]}\nc: *a\nd:\n  <<: *a\n  e: 1\n"
    assert str(refused("[{op: remove, path: /c/b}]", template)) == (
        'key "/c": invalid node type alias'
    )
    assert str(refused("[{op: remove, path: /d/b}]", template)) == 'key "/d": "b" not found in map'
    added = patched("[{op: add, path: /d/b, value: 2}]", template)
    assert at(added, "d") == {"e": 1, "b": 2}
    assert at(patched("[{op: remove, path: /d/e}]", template), "d") == {"b": [1]}


# --- where everything is from ----------------------------------------------------------------


def test_what_a_patch_writes_is_in_its_file() -> None:
    """A place in the patched template is one in the template or one in a patch."""
    result = patched(
        f"""
        - {{op: remove, path: {POLICIES}/0}}
        - op: add
          path: {POLICIES}/-
          value: !If [HasEnvFile, {{PolicyName: third}}, !Ref 'AWS::NoValue']
        - {{op: replace, path: /Resources/LogGroup/Properties/RetentionInDays, value: 1}}
        """
    )
    policies = (*ROLE, "Policies")

    def said(*path: str | int, key: bool = False) -> Place:
        return result.template.place(Place("t.yml", path, key))

    assert said(*policies, 0, "Fn::If", 1) == Place("t.yml", (*policies, 1, "Fn::If", 1))
    assert said(*policies, 1) == Place("cfn.patches.yml", (1, "value"))
    assert said(*policies, 1, "Fn::If", 1, "PolicyName", key=True) == Place(
        "cfn.patches.yml", (1, "value", "Fn::If", 1, "PolicyName"), key=True
    )
    assert said(*policies, 1, "Fn::If", key=True) == Place(
        "cfn.patches.yml", (1, "value", "Fn::If"), key=True
    )
    assert said(*policies, 1, "Fn::If", 2, "Ref") == Place(
        "cfn.patches.yml", (1, "value", "Fn::If", 2, "Ref")
    )
    retention = ("Resources", "LogGroup", "Properties", "RetentionInDays")
    assert said(*retention) == Place("cfn.patches.yml", (2, "value"))
    assert said(*retention, key=True) == Place("t.yml", retention, key=True)
    assert said("Resources", "No", "Such", key=True).path == ("Resources", "No", "Such")
    assert result.template.place(Place("o.yml", ("a",))) == Place("o.yml", ("a",))


def test_a_part_of_a_dotted_function_stands_where_it_did() -> None:
    """It has a path though it is no node of its own."""
    statement = (*ROLE, "Policies", 0, "PolicyDocument", "Statement", 0, "Resource")
    result = apply((), document.parse(TEMPLATE, "t.yml"))
    for path in [(*statement, "Fn::GetAtt", 0), (*statement, "Fn::GetAtt"), statement]:
        assert result.template.place(Place("t.yml", path)) == Place("t.yml", path)


def test_a_patched_template_can_be_sent_to_another_process() -> None:
    """Workers get whole runs."""
    result = one("add", f"{POLICIES}/-")
    sent = pickle.loads(pickle.dumps(result))
    assert sent.template.data == result.template.data
    assert sent.template.place(Place("t.yml", (*ROLE, "Policies", 2))).file == "cfn.patches.yml"


# --- properties ------------------------------------------------------------------------------

KEYS = st.text(st.sampled_from("ab/~0 1"), min_size=1, max_size=4)
SCALARS = st.text(st.sampled_from("xyz "), max_size=3).map(lambda it: f"s{it}.")
DATA = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3),
    max_leaves=12,
)


def _paths(data: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    below: Sequence[tuple[str | int, object]] = ()
    if isinstance(data, dict):
        below = list(data.items())
    elif isinstance(data, list):
        below = list(enumerate(data))
    return [path, *(it for step, value in below for it in _paths(value, (*path, step)))]


@given(st.dictionaries(KEYS, DATA, min_size=1, max_size=3), st.data())
def test_a_pointer_leads_to_what_its_path_names(
    data: dict[str, object], draw: st.DataObject
) -> None:
    """Whatever the keys are made of: what is replaced there is what was at the path."""
    template = document.parse(flow_of(node_of_data(data)), "t.yml")
    assert template.data == data
    path = draw.draw(st.sampled_from([it for it in _paths(data) if it]))
    result = apply([Patch("replace", pointer(path), node_of_data("new"))], template)
    expected = node_of(template, path).data
    assert result.effects[0].replaced is not None
    assert result.effects[0].replaced.data == expected
    assert at(result, *path) == "new"


@given(st.dictionaries(KEYS, DATA, min_size=1, max_size=3), DATA, st.data())
def test_an_add_and_a_remove_undo_each_other(
    data: dict[str, object], value: object, draw: st.DataObject
) -> None:
    """A remove takes away what an add has put there, and nothing else."""
    template = document.parse(flow_of(node_of_data(data)), "t.yml")
    path = draw.draw(st.sampled_from([it for it in _paths(data) if it]))
    is_item = isinstance(path[-1], int)
    where = pointer(path if is_item else (*path[:-1], "new"))
    patches = [Patch("add", where, node_of_data(value)), Patch("remove", where)]
    assert apply(patches, template).template.data == data
