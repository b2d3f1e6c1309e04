"""What is known of a string: three-valued answers, held against every way to fill the holes."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import examples

from copilot_preflight.base.symbolic import EMPTY, Hole, Text, match, match_by_segment
from copilot_preflight.base.wildcards import wildcard_match

ALPHABET = "aB:/*?"

# The same name always comes with the same restrictions, as it does in a template.
HOLES = (
    Hole("any"),
    Hole("name", excludes=":/*?", nonempty=True),
    Hole("plain", excludes="*?"),
    Hole("star", excludes="*"),
    Hole("filled", nonempty=True),
    Hole("other", never=frozenset({"", "a"})),
    Hole("name", scope="elsewhere", excludes=":/*?", nonempty=True),
    Hole("BucketA", excludes=":/*?", nonempty=True, unique=True),
    Hole("BucketB", excludes=":/*?", nonempty=True, unique=True),
)

# Names that AWS makes up have nothing in common with each other.
MADE_OF = {"BucketA": "a", "BucketB": "B"}

VALUES = ["".join(v) for n in range(3) for v in itertools.product(ALPHABET, repeat=n)]

parts = st.one_of(st.text(ALPHABET, max_size=4), st.sampled_from(HOLES))
texts = st.lists(parts, max_size=4).map(lambda found: Text.of(*found))
plain_text = st.text(ALPHABET, max_size=8)


def fits(value: str, hole: Hole) -> bool:
    return (
        not set(value) & set(hole.excludes)
        and not (hole.nonempty and not value)
        and value not in hole.never
        and set(value) <= set(MADE_OF.get(hole.name, value))
    )


def fill(text: Text, values: Mapping[Hole, str]) -> str:
    return "".join(values[part] if isinstance(part, Hole) else part for part in text.parts)


def fillings(*texts: Text, seed: int) -> Iterator[dict[Hole, str]]:
    """Values for all holes of some texts: every combination of few, a random lot of many.

    Values that stand in the other texts as literals are among them, for they are the ones that
    make a difference.
    """
    holes = sorted({hole for text in texts for hole in text.holes}, key=lambda h: (h.name, h.scope))
    chosen = random.Random(seed)
    literals = [part for text in texts for part in text.parts if isinstance(part, str)]
    pieces = {piece for literal in literals for piece in re.split("[:/*?]", literal)}
    pool = [*VALUES[:13], *pieces, *literals, *chosen.sample(VALUES, 12)]
    allowed = [[v for v in dict.fromkeys(pool) if fits(v, hole)] for hole in holes]
    if len(holes) <= 1:
        combinations: Sequence[tuple[str, ...]] = list(itertools.product(*allowed))
    else:
        combinations = [tuple(map(chosen.choice, allowed)) for _ in range(80)]
    return (dict(zip(holes, values, strict=True)) for values in combinations)


def reference(pattern: str, target: str) -> bool:
    """IAM's wildcards by the book: a regular expression with two special characters."""
    special = {"*": ".*", "?": "."}
    written = "".join(special.get(c) or re.escape(c) for c in pattern)
    return re.fullmatch(written, target, re.DOTALL) is not None


# --- matching -------------------------------------------------------------------------------------


@settings(max_examples=examples(400), deadline=None)
@given(plain_text, plain_text)
def test_known_strings_match_as_a_regular_expression_does(pattern: str, target: str) -> None:
    """Where both strings are known the answer is that of a regular expression, never unknown."""
    assert match(Text.of(pattern), Text.of(target)) is reference(pattern, target)


@settings(max_examples=examples(700), deadline=None)
@given(texts, texts, st.integers(0, 9))
def test_match_is_sound(pattern: Text, target: Text, seed: int) -> None:
    """True means that every way to fill the holes matches, False that none does."""
    answer = match(pattern, target)
    for values in fillings(pattern, target, seed=seed):
        found = reference(fill(pattern, values), fill(target, values))
        assert answer in (None, found), values


@settings(max_examples=examples(700), deadline=None)
@given(texts, texts, texts, st.integers(0, 9))
def test_match_behind_the_same_beginning_is_sound(
    begin: Text, pattern: Text, target: Text, seed: int
) -> None:
    """What both begin with may hold any wildcards: a no stands whatever they are."""
    pattern, target = Text.of("b", begin, pattern), Text.of("b", begin, target)
    answer = match(pattern, target)
    for values in fillings(pattern, target, seed=seed):
        found = reference(fill(pattern, values), fill(target, values))
        assert answer in (None, found), values


@settings(max_examples=examples(400), deadline=None)
@given(
    st.text("a*?", max_size=7),
    st.text("ab*?", max_size=5),
    st.text("ab", max_size=5),
)
def test_the_same_beginning_hides_no_match(begin: str, pattern: str, target: str) -> None:
    """A beginning full of wildcards, as a value would have it, against the answer without it."""
    shared = Hole("any")
    if reference(begin + pattern, begin + target):
        assert match(Text.of(shared, pattern), Text.of(shared, target)) is not False


@settings(max_examples=examples(700), deadline=None)
@given(texts, texts, st.integers(0, 9))
def test_equals_is_sound(one: Text, two: Text, seed: int) -> None:
    """True means equal however the holes are filled, False different however they are filled."""
    answer = one.equals(two)
    assert two.equals(one) is answer
    for values in fillings(one, two, seed=seed):
        assert answer in (None, fill(one, values) == fill(two, values)), values


@settings(max_examples=examples(300), deadline=None)
@given(texts, texts, st.integers(0, 9))
def test_comparison_without_case_is_sound(one: Text, two: Text, seed: int) -> None:
    """Lowered texts compare as the lowered strings do, whatever is known of their holes."""
    equal, matches = one.lower().equals(two.lower()), match(one.lower(), two.lower())
    for values in fillings(one, two, seed=seed):
        left, right = fill(one, values).lower(), fill(two, values).lower()
        assert equal in (None, left == right), values
        assert matches in (None, reference(left, right)), values


@settings(max_examples=examples(300), deadline=None)
@given(texts)
def test_every_pattern_matches_itself(text: Text) -> None:
    """A string used as a pattern matches that very string, also with wildcards in its holes."""
    assert match(text, text) is True
    assert match(Text.of("*"), text) is True
    assert text.equals(text) is True


ACCOUNT = Hole("AWS::AccountId", excludes=":/*?", nonempty=True)
BUCKET = Hole("Bucket", excludes=":/*?", nonempty=True)
PARTITION = Hole("AWS::Partition", excludes=":/*?", nonempty=True)
FREE = Hole("Anything")
MADE_UP = Hole("One", excludes=":/*?", nonempty=True, unique=True)
MADE_UP_TOO = Hole("Other", excludes=":/*?", nonempty=True, unique=True)
BUCKET_ARN = ("arn:", PARTITION, ":s3:::", BUCKET)


@pytest.mark.parametrize(
    ("pattern", "target", "answer"),
    [
        # A hole meets itself, or a star.
        ((*BUCKET_ARN, "/*"), (*BUCKET_ARN, "/a"), True),
        (("arn:*:s3:::*/a"), (*BUCKET_ARN, "/a"), True),
        (("arn:aws:s3:::*"), (*BUCKET_ARN, "/a"), None),
        (("arn:aws:s3:::b/", FREE), ("arn:aws:s3:::b/", FREE), True),
        # What a name cannot hold keeps the segments apart.
        (BUCKET_ARN, (*BUCKET_ARN, "/a"), False),
        (("arn:aws:s3:::", BUCKET), ("arn:aws:s3:::b/a"), False),
        (("arn:aws:s3:::b/a"), ("arn:aws:s3:::", BUCKET), False),
        (("arn:aws:iam::", ACCOUNT, ":role/x"), ("arn:aws:iam:::role/x"), False),
        # A question mark stands for one known character, and no hole has a known length.
        ("a?", ("a", BUCKET), None),
        ("a?*", "a", False),
        # A pattern's hole may hold a wildcard itself, unless it cannot.
        ((FREE,), "arn:aws:s3:::b/a", None),
        (("arn:aws:s3:::", FREE), "arn:aws:kms:::b", False),
        ((BUCKET,), "b", None),
        ((BUCKET,), "b/c", False),
        # The same hole on both sides: what differs is what stands beside it.
        ((BUCKET, "-data/*"), (BUCKET, "-logs/a"), False),
        (("x-", PARTITION, "-y-", BUCKET), ("x-", PARTITION, "-z-", BUCKET), False),
        ((FREE, "-data"), (FREE, "-logs"), False),
        # ... also where it may hold wildcards: no star in it reaches beyond what both begin with.
        ((FREE, "/prod/*"), (FREE, "/staging/app.env"), False),
        (("arn:aws:s3:::", FREE, "/prod/*"), ("arn:aws:s3:::", FREE, "/drop/app.env"), False),
        (("arn:aws:s3:::", FREE, "/*/b/*"), ("arn:aws:s3:::", FREE, "/a/c/app.env"), False),
        (("x", FREE, "-", PARTITION, "/a*"), ("x", FREE, "-", PARTITION, "/b"), False),
        ((FREE, "-", Hole("P"), "/a/*"), (FREE, "-", Hole("P"), "/b/a.env"), False),
        ((FREE, "/app.env"), (FREE, "/prod/app.env"), None),
        ((FREE, "/prod/*"), (FREE, "/x/prod/app.env"), None),
        ((FREE, "?a"), (FREE, "a"), None),
        ((FREE, "/prod/*"), (FREE, "/", BUCKET, "/app.env"), None),
        ((FREE, "/prod/*"), (FREE, BUCKET, "/app.env"), False),
        ((FREE, "/prod/*"), (FREE, Hole("P"), "/app.env"), None),
        ((FREE, "/prod/*"), (FREE, "/x/prod/", BUCKET), None),
        ((FREE, "/prod/*"), (FREE, BUCKET), False),
        ((FREE, "/a", BUCKET), (FREE, "/ac"), None),
        ((FREE, "/a", BUCKET, "b*"), (FREE, "/acb"), None),
        ((FREE, "/a", BUCKET, "/z*"), (FREE, "/ac/zz"), None),
        # ... and not what both have behind the first difference.
        ((FREE, "*", BUCKET, "/x*"), (FREE, "a/x", BUCKET, "/q"), None),
        # A name is none of the letters that stand elsewhere in the pattern.
        ((BUCKET, "a"), "aa", None),
        # Brackets and line breaks are characters like any other.
        ("[ab]*", "[ab]c", True),
        ("[ab]", "a", False),
        ("a*b", "a\nb", True),
        ("*", "", True),
        ("?", "", False),
        ("", "", True),
    ],
)  # fmt: skip
def test_match_answers(
    pattern: str | tuple[str | Hole, ...], target: str | tuple[str | Hole, ...], answer: bool | None
) -> None:
    """The answers that ARNs with unknown parts are proved with."""
    assert match(Text.of(*pattern), Text.of(*target)) is answer


@pytest.mark.parametrize(
    ("one", "two", "answer"),
    [
        ((Hole("P", never=frozenset({"prod"})),), ("prod",), False),
        (("x-", Hole("P", never=frozenset({"prod"}))), ("x-prod",), False),
        ((Hole("P", never=frozenset({"prod"})), "-x"), ("prod-x",), False),
        ((Hole("P", never=frozenset({"prod"})), FREE), ("prod",), None),
        ((Hole("P"),), (Hole("Q"),), None),
        ((Hole("P", nonempty=True),), ("",), False),
        (("exec-", FREE, "-", BUCKET), ("task-", FREE, "-", BUCKET), False),
        ((BUCKET, "-exec-", FREE), (BUCKET, "-task-", FREE), False),
        ((FREE, "*"), (FREE, "b"), False),
        # Names that AWS makes up for two resources differ, and so do the ARNs that end in them.
        ((MADE_UP,), (MADE_UP_TOO,), False),
        (("arn:", PARTITION, ":s3:::", MADE_UP), ("arn:", PARTITION, ":s3:::", MADE_UP_TOO), False),
        ((MADE_UP,), (BUCKET,), None),
        ((MADE_UP,), ("b",), None),
        ((MADE_UP, "x"), ("x", MADE_UP), None),
        (
            (Hole("c", "ab", nonempty=True, unique=True),),
            (Hole("bc", "a", nonempty=True, unique=True),),
            False,
        ),
        ((FREE, "b"), (FREE, "ab"), False),
    ],
)
def test_equals_answers(
    one: tuple[str | Hole, ...], two: tuple[str | Hole, ...], answer: bool | None
) -> None:
    """Equality is told from what a hole cannot be, and from what stands beside the same hole."""
    assert Text.of(*one).equals(Text.of(*two)) is answer


def test_holes_of_other_templates_are_other_values() -> None:
    """A hole is the same value only within its scope."""
    here, there = Text.of(Hole("P", "a.yml")), Text.of(Hole("P", "b.yml"))
    assert here.equals(there) is None
    assert match(here, there) is None


# --- splitting ------------------------------------------------------------------------------------


@settings(max_examples=examples(700), deadline=None)
@given(
    texts,
    st.sampled_from([":", "/", "a", "::", "a:", "B"]),
    st.sampled_from([-1, 0, 1, 2, 5]),
    st.integers(0, 9),
)
def test_split_commutes_with_filling(text: Text, separator: str, limit: int, seed: int) -> None:
    """A complete split is that of every filled string; an incomplete one begins like it."""
    pieces, complete = text.split(separator, limit)
    known = set(text.holes)
    for values in fillings(text, seed=seed):
        actual = fill(text, values).split(separator, limit)
        if complete:
            assert [fill(piece, values) for piece in pieces] == actual
            continue
        assert len(actual) >= len(pieces)
        for piece, expected in zip(pieces, actual, strict=False):
            if set(piece.holes) <= known:
                assert fill(piece, values) == expected
            else:  # the last one: what is known of it, then a piece of a hole
                *before, rest = piece.parts
                assert isinstance(rest, Hole)
                begin = fill(Text.of(*before), values)
                assert expected.startswith(begin)
                assert fits(expected[len(begin) :], rest)


@pytest.mark.parametrize(
    ("limit", "pieces"),
    [
        (-1, ["a", "b${Bucket}c", "d", "e", "f"]),
        (0, ["a:b${Bucket}c:d:e:f"]),
        (1, ["a", "b${Bucket}c:d:e:f"]),
        (2, ["a", "b${Bucket}c", "d:e:f"]),
        (3, ["a", "b${Bucket}c", "d", "e:f"]),
        (4, ["a", "b${Bucket}c", "d", "e", "f"]),
        (9, ["a", "b${Bucket}c", "d", "e", "f"]),
    ],
)
def test_a_limit_counts_separators_on_both_sides_of_a_hole(limit: int, pieces: list[str]) -> None:
    """As ``str.split`` counts them; behind the last one, a hole may hold what it likes."""
    text = Text.of("a:b", BUCKET, "c:d:e:f")
    assert ([str(piece) for piece in text.split(":", limit).items], True) == (
        pieces,
        text.split(":", limit).complete,
    )
    free = Text.of("a:b", FREE, "c:d")
    assert free.split(":", 1) == ((Text.of("a"), Text.of("b", FREE, "c:d")), True)
    assert not free.split(":", 2).complete
    assert [str(piece)[:1] for piece in free.split(":", 2).items] == ["a", "b"]


@pytest.mark.parametrize(
    ("parts", "separator", "complete"),
    [
        (("a::", Hole("P", excludes=":", nonempty=True), "::b"), "::", True),
        (("a:", Hole("P", excludes=":"), ":b"), "::", False),  # nothing between two colons
        (("a:", Hole("P", excludes=":"), ":b"), ":", True),
        (("a", Hole("P", excludes=":", nonempty=True), ":b"), "a:", False),
        (("a", Hole("P", excludes="a:", nonempty=True), ":b"), "a:", True),
    ],
)
def test_a_separator_that_a_hole_may_complete(
    parts: tuple[str | Hole, ...], separator: str, complete: bool
) -> None:
    """A hole keeps a separator out if it holds none of its characters, and is not empty."""
    assert Text.of(*parts).split(separator).complete is complete


def test_what_a_lowered_value_cannot_hold() -> None:
    """A value without ``a`` may hold ``A``, which is the same without case; a colon has none."""
    name = Text.of(Hole("P", excludes="a:"))
    assert name.equals(Text.of("a")) is False
    assert name.lower().equals(Text.of("a")) is None
    assert name.lower().equals(Text.of("x:y")) is False


@pytest.mark.parametrize(
    ("pattern", "target", "answer"),
    [
        ("a*b", "a:b", None),
        ("a?b", "a:b", None),
        ("*n:x", "a:n:x", None),
        ("?", ":", None),
        ("a*b", "axb", True),
        ("?b", "ab", True),
        ("a*", "a:b", True),
        ("a*:b", "a:x:b", True),
        ("a:*b", "a:x:b", None),
        ("a*b", "ab", True),
        ("a*b", "a:c", False),
    ],
)
def test_a_wildcard_inside_a_segment(pattern: str, target: str, answer: bool | None) -> None:
    """AWS does not say that it runs over a colon; one that ends its segment does."""
    assert match_by_segment(Text.of(pattern), Text.of(target), ":", 5) is answer


@pytest.mark.parametrize(("hole", "answer"), [(FREE, None), (BUCKET, True)], ids=str)
def test_a_wildcard_over_a_hole(hole: Hole, answer: bool | None) -> None:
    """What fills a hole may bring the colon, unless it cannot."""
    assert match_by_segment(Text.of("a*b"), Text.of("a", hole, "b"), ":", 5) is answer


def test_an_empty_separator_splits_nothing() -> None:
    """CloudFormation refuses it; here the string stays whole."""
    assert Text.of("ab").split("") == ((Text.of("ab"),), True)


def test_pieces_of_different_strings_are_different_values() -> None:
    """Two long expressions that begin alike do not share the pieces cut out of them."""
    begin = "x" * 80
    one, two = (Text.of(Hole(begin + end)).split(":").items[0] for end in "ab")
    assert one.equals(two) is None
    assert one.equals(Text.of(Hole(begin + "a")).split(":").items[0]) is True


def test_a_separator_may_hide_between_a_literal_and_a_hole() -> None:
    """With a separator of two characters the piece before a hole is not certain."""
    assert Text.of("a::b:", Hole("P")).split("::") == ((Text.of("a"),), False)


# --- the rest -------------------------------------------------------------------------------------


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(parts, max_size=6))
def test_neighbouring_literals_become_one(found: list[str | Hole]) -> None:
    """However a text is put together, equal strings are equal texts."""
    one, two = Text.of(*found), EMPTY
    for part in found:
        two = Text.of(two, part)
    assert one == two
    assert hash(one) == hash(two)
    assert one.identity == two.identity


@settings(max_examples=examples(300), deadline=None)
@given(texts, texts)
def test_identity_tells_texts_apart(one: Text, two: Text) -> None:
    """Two texts have the same identity only where they are equal."""
    assert (one.identity == two.identity) == (one == two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("${:any}",), (Hole("any"),)),
        ((":any}",), (Hole("any"),)),
        (("$", Hole("any")), (Hole("any"),)),
        ((Hole("any"), "b"), (Hole("anyb"),)),
        ((Hole("b", "a"),), (Hole("ab"),)),
        ((Hole("b", "a"),), (Hole("b"),)),
        (("$a",), ("a",)),
        (("$$",), ("$",)),
    ],
)
def test_no_text_is_spelt_as_another(
    one: tuple[str | Hole, ...], two: tuple[str | Hole, ...]
) -> None:
    """What a literal says can never pass for a hole, nor one hole for another."""
    assert Text.of(*one).identity != Text.of(*two).identity


def test_what_a_text_says_of_itself() -> None:
    """Literal, only hole, wildcards and spelling."""
    assert Text.of("a", "", "b").literal == "ab"
    assert EMPTY.literal == ""
    assert Text.of("a", FREE).literal is None
    assert Text.of(FREE).only_hole == FREE
    assert Text.of("a", FREE).only_hole is None
    assert Text.of("a*", FREE).has_wildcard()
    assert not Text.of("a", FREE).has_wildcard()
    assert str(Text.of("a/", FREE)) == "a/${Anything}"
    assert Text.of(Text.of("a", FREE)) == Text.of("a", FREE)
    assert Text.of(Text.of("a")).literal == "a"


@pytest.mark.parametrize("length", [1, 59, 60, 61, 500])
def test_long_names_are_cut_short(length: int) -> None:
    """An expression of more than 60 characters is told by its beginning."""
    name = ("abcdefghij" * 50)[:length]
    told = str(Hole(name)).removeprefix("${").removesuffix("}")
    assert told == (name if length <= 60 else name[:57] + "…")


@pytest.mark.parametrize(
    ("excludes", "answer"),
    [("", True), ("*", True), ("?", True), ("*?", False), (":/*?", False)],
)
def test_what_may_be_a_wildcard(excludes: str, answer: bool) -> None:
    """A value that may hold one of the two may be a pattern."""
    assert Hole("P", excludes=excludes).may_be_wildcard is answer


def granted(pattern: str, target: str, count: int) -> bool:
    """The pattern, of which wildcards inside its first segments stop at a colon."""
    written = ""
    for index, character in enumerate(pattern):
        stops = pattern.count(":", 0, index) < count
        ends = pattern[index + 1 : index + 2] in ("", ":", "*")
        special = {"*": "[^:]*" if stops and not ends else ".*", "?": "[^:]" if stops else "."}
        written += special.get(character) or re.escape(character)
    return re.fullmatch(written, target, re.DOTALL) is not None


@settings(max_examples=examples(700), deadline=None)
@given(texts, texts, st.integers(1, 3), st.integers(0, 9))
def test_matching_by_segment_is_sound(pattern: Text, target: Text, count: int, seed: int) -> None:
    """True holds of the narrow reading of wildcards, False of the wide one, for every filling."""
    answer = match_by_segment(pattern, target, ":", count)
    for values in fillings(pattern, target, seed=seed):
        one, other = fill(pattern, values), fill(target, values)
        if answer is not None:
            assert reference(one, other) is answer, values
        # A hole's own wildcards and colons move the segments: only known patterns are exact.
        if answer and not any(pattern.holes):
            assert granted(one, other, count), values


@settings(max_examples=examples(400), deadline=None)
@given(plain_text, plain_text, st.integers(0, 3))
def test_known_strings_match_by_segment_as_regular_expressions_do(
    pattern: str, target: str, count: int
) -> None:
    """Yes where the narrow reading matches, no where the wide one does not, else unknown."""
    found = True if granted(pattern, target, count) else None
    expected = found if reference(pattern, target) else False
    assert match_by_segment(Text.of(pattern), Text.of(target), ":", count) is expected


def test_many_patterns_take_as_long_each_as_few() -> None:
    """No number of patterns is one too many to be remembered: there is nothing to remember."""

    def seconds_each(count: int) -> float:
        patterns = [f"arn:aws:s3:::*-{n}/x?/*.env" for n in range(count)]
        begin = process_time()
        for number in range(20):
            target = f"arn:aws:s3:::b-{number}/xy/z.env"
            assert sum(wildcard_match(pattern, target) for pattern in patterns) == 1
        return (process_time() - begin) / count

    assert seconds_each(10_000) < 8 * min(seconds_each(500) for _ in range(3))


PATHOLOGICAL = {
    "stars against one letter": (("*a" * 300 + "b",), ("a" * 10_000,), False),
    "stars and question marks": (("*?" * 300 + "b",), ("a" * 10_000,), False),
    "stars that fit": (("*a" * 300,), ("a" * 10_000,), True),
    "holes between letters": (
        tuple(part for i in range(300) for part in (Hole(f"p{i}"), "a*")),
        ("a" * 10_000,),
        None,
    ),
    "names between letters": (
        tuple(part for i in range(300) for part in (Hole(f"p{i}", excludes=":/*?"), "/")),
        ("a" * 10_000,),
        False,
    ),
    "holes on both sides": (
        tuple(part for i in range(400) for part in (Hole(f"p{i}", excludes=":*?"), "a" * 12)),
        tuple(part for i in range(400) for part in ("b" * 12, Hole(f"t{i}", excludes=":*?"))),
        None,
    ),
    "the same on both sides": (
        tuple(part for i in range(400) for part in (Hole(f"p{i}"), "*a" * 6)),
        tuple(part for i in range(400) for part in (Hole(f"p{i}"), "aa" * 6)),
        True,
    ),
}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_pathological_patterns_come_to_an_end(name: str) -> None:
    """Patterns of 10 kB with hundreds of stars and holes are answered, and at once."""
    pattern, target, answer = PATHOLOGICAL[name]
    assert match(Text.of(*pattern), Text.of(*target)) is answer


def test_wildcards_on_plain_strings() -> None:
    """The plain-string form agrees with the three-valued one."""
    assert wildcard_match("s3:Get*", "s3:GetObject")
    assert not wildcard_match("s3:Get?", "s3:GetObject")


SUFFIX = Hole("suffix", excludes=":/*?", nonempty=True, length=6)


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ("db-??????", True),
        ("db-*", True),
        ("d*-???" + "???", True),
        ("db-??*", True),
        ("db-?????", False),
        ("db-???????", False),
        ("db-", False),
        ("db-AbCdEf", None),
        ("db-AbC???", None),
        ("db-AbCdEfG", False),
        ("db-A/*", False),
    ],
)
def test_a_hole_of_known_length(pattern: str, answer: bool | None) -> None:
    """As many question marks as it has characters match it, and no other number."""
    assert match(Text.of(pattern), Text.of("db-", SUFFIX)) is answer
