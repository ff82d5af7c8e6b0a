"""The YAML rules, one test each."""

from __future__ import annotations

import math
from typing import Any

import pytest

from xfer.core import yaml
from xfer.core.errors import Fault, RecipeError
from xfer.core.references import resolve_references
from xfer.core.yaml import Mark


def value(text: str) -> Any:
    return yaml.plain_data(yaml.parse_tree(text, "f.yaml"))


def faults(text: str) -> list[Fault]:
    with pytest.raises(RecipeError) as caught:
        yaml.parse_tree(text, "f.yaml")
    return caught.value.faults


def merged(base: str, over: str) -> Any:
    return yaml.plain_data(yaml.merge_trees(yaml.parse_tree(base, "base.yaml"), yaml.parse_tree(over, "over.yaml")))


def resolved(text: str) -> Any:
    data, wrong = resolve_references(yaml.parse_tree(text, "f.yaml"))
    assert wrong == []
    return data


def unresolved(text: str) -> list[Fault]:
    return resolve_references(yaml.parse_tree(text, "f.yaml"))[1]


# scalars


def test_no_is_norwegian() -> None:
    assert value("languages: [no, en, on, off, yes, n, y]") == {"languages": ["no", "en", "on", "off", "yes", "n", "y"]}


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_only_true_is_true(word: str) -> None:
    assert value(f"a: {word}") == {"a": True}


@pytest.mark.parametrize("word", ["false", "False", "FALSE"])
def test_only_false_is_false(word: str) -> None:
    assert value(f"a: {word}") == {"a": False}


@pytest.mark.parametrize("word", ["", "~", "null", "Null", "NULL"])
def test_null_has_five_spellings(word: str) -> None:
    assert value(f"a: {word}") == {"a": None}


@pytest.mark.parametrize(
    ("word", "number"),
    [("1e-5", 1e-5), ("1E5", 1e5), (".5", 0.5), ("-1.5e+3", -1500.0), ("1.", 1.0), (".inf", math.inf)],
)
def test_numbers_of_yaml_1_2(word: str, number: float) -> None:
    found = value(f"a: {word}")["a"]
    assert (found, type(found)) == (number, float)


@pytest.mark.parametrize(
    ("word", "number"), [("12", 12), ("-3", -3), ("+4", 4), ("0o17", 15), ("0x1F", 31), ("010", 10)]
)
def test_integers_of_yaml_1_2(word: str, number: int) -> None:
    found = value(f"a: {word}")["a"]
    assert (found, type(found)) == (number, int)


@pytest.mark.parametrize("word", ["1_000", "12:30:45", "2026-01-01", "1e", "0b1", "e5", "1.2.3", "."])
def test_what_yaml_1_1_took_for_numbers_and_dates_is_text(word: str) -> None:
    assert value(f"a: {word}") == {"a": word}


@pytest.mark.parametrize("quoted", ["'1e-5'", '"1e-5"'])
def test_quotes_make_text(quoted: str) -> None:
    assert value(f"a: {quoted}") == {"a": "1e-5"}


def test_a_block_of_text_is_text() -> None:
    assert value("a: |\n  12\n") == {"a": "12\n"}


def test_keys_are_text() -> None:
    assert value("{1: a, no: b, ~: c, 1e-5: d}") == {"1": "a", "no": "b", "~": "c", "1e-5": "d"}


def test_an_empty_file_is_an_empty_block() -> None:
    assert value("") == {}
    assert value("# only a comment\n") == {}


# faults of the text


def test_a_key_given_twice_names_both_lines() -> None:
    (fault,) = faults("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    assert fault[:4] == ("f.yaml", 5, 3, "b.c")
    assert "twice" in fault.message and "line 3" in fault.message


def test_all_doubled_keys_are_told_at_once() -> None:
    assert [(fault.line, fault.path) for fault in faults("a: 1\na: 2\nb: 1\nb: 2\n")] == [(2, "a"), (4, "b")]


@pytest.mark.parametrize(
    "tag", ["!!python/object:os.system", "!!python/name:os.system", "!include", "!!binary", "!!set"]
)
def test_tags_are_refused(tag: str) -> None:
    (fault,) = faults(f"a: 1\nb: {tag} x\n")
    assert (fault.line, fault.path) == (2, "b")
    assert "tag" in fault.message


def test_a_tag_of_plain_types_changes_no_value() -> None:
    """``!!str 5`` is either refused like every tag or text; it is never the number."""
    try:
        assert value("a: !!str 5") == {"a": "5"}
    except RecipeError as error:
        assert [fault.path for fault in error.faults] == ["a"]


def test_a_key_must_be_a_word() -> None:
    (fault,) = faults("a: 1\n? [b, c]\n: 2\n")
    assert (fault.line, fault.column) == (2, 3)


def test_a_control_character_is_a_fault_with_its_place() -> None:
    (fault,) = faults("a: 1\nb: x\x07y\n")
    assert (fault.line, fault.column) == (2, 5)
    assert "cannot stand" in fault.message


def test_a_zero_byte_is_a_fault() -> None:
    assert [fault.line for fault in faults("a: \x00\n")] == [1]


@pytest.mark.parametrize(
    "text", ["a: [1, 2\n", "a: 'x\n", "a: b: c\n", "\ta: 1\n", "a: 1\n---\nb: 2\n", "a: *gone\n", "%\n"]
)
def test_broken_yaml_is_one_fault_with_a_line(text: str) -> None:
    (fault,) = faults(text)
    assert fault.line >= 1 and fault.column >= 1
    assert fault.message.startswith("not valid YAML")


def test_endless_nesting_is_a_fault() -> None:
    assert len(faults("[" * 20_000)) == 1


def test_nesting_beyond_a_hundred_is_a_fault() -> None:
    assert len(faults("[" * 150 + "]" * 150)) == 1


# anchors


def test_aliases_repeat_a_value() -> None:
    assert value("a: &x {k: [1, 2]}\nb: *x\n") == {"a": {"k": [1, 2]}, "b": {"k": [1, 2]}}


def test_merge_key_fills_in_what_is_not_given() -> None:
    assert value("a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}\n")["b"] == {"k": 1, "l": 3}


def test_merge_key_takes_a_list_and_the_first_wins() -> None:
    assert value("a: &x {k: 1}\nb: &y {k: 2, l: 3}\nc: {<<: [*x, *y]}\n")["c"] == {"k": 1, "l": 3}


def test_merge_key_takes_no_single_value() -> None:
    (fault,) = faults("a: {<<: word}\n")
    assert "<<" in fault.message


def test_a_quoted_merge_key_is_a_key() -> None:
    assert value('a: {"<<": 1}') == {"a": {"<<": 1}}


@pytest.mark.timeout(20)
def test_an_anchor_bomb_ends_in_a_fault() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    (fault,) = faults("\n".join(lines))
    assert "expands" in fault.message


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a {b: *a}\n", "a: &a\n  <<: *a\n", "a: &a {<<: [*a, *a]}\n"])
def test_an_anchor_that_holds_itself_ends_in_a_fault(text: str) -> None:
    (fault,) = faults(text)
    assert (fault.file, fault.line) == ("f.yaml", 1)


# merging


def test_blocks_merge_key_by_key_and_lists_are_replaced() -> None:
    assert merged("{a: {b: 1, c: 2}, l: [1, 2]}", "{a: {c: 3}, l: [9]}") == {"a": {"b": 1, "c": 3}, "l": [9]}


def test_a_block_with_another_type_is_replaced() -> None:
    assert merged("m: {type: pretrained, name: x}", "m: {type: scratch, width: 8}") == {
        "m": {"type": "scratch", "width": 8}
    }


def test_a_block_with_the_same_type_is_merged() -> None:
    assert merged("m: {type: scratch, width: 8}", "m: {type: scratch, layers: 1}")["m"] == {
        "type": "scratch",
        "width": 8,
        "layers": 1,
    }


def test_a_block_without_a_type_is_merged() -> None:
    assert merged("m: {type: scratch, width: 8}", "m: {layers: 1}")["m"] == {"type": "scratch", "width": 8, "layers": 1}


@pytest.mark.parametrize("over", ["t: {type: finetune}", "t: finetune"])
def test_naming_the_type_of_a_block_that_had_none_loses_nothing(over: str) -> None:
    """No type is the default type, which may well be the one that is named."""
    assert merged("t: {batch_size: 16}", over) == {"t": {"type": "finetune", "batch_size": 16}}


def test_null_removes_a_key() -> None:
    assert merged("{a: 1, b: {c: 2, d: 3}}", "{a: null, b: {c: }}") == {"b": {"d": 3}}


def test_null_where_nothing_is_stays_null() -> None:
    assert merged("{a: 1}", "{b: null}") == {"a": 1, "b": None}


def test_a_word_over_a_block_of_the_same_type_keeps_its_fields() -> None:
    assert merged("m: {type: scratch, width: 8}", "m: scratch") == {"m": {"type": "scratch", "width": 8}}


def test_a_word_over_a_block_of_another_type_replaces_it() -> None:
    assert merged("m: {type: pretrained, name: x}", "m: scratch") in ({"m": "scratch"}, {"m": {"type": "scratch"}})


def test_a_block_over_a_word_is_laid_over_its_type() -> None:
    assert merged("m: scratch", "m: {width: 8}") == {"m": {"type": "scratch", "width": 8}}


def test_a_block_of_another_type_over_a_word_replaces_it() -> None:
    assert merged("m: pretrained", "m: {type: scratch, width: 8}") == {"m": {"type": "scratch", "width": 8}}


def test_merging_changes_neither_side() -> None:
    base, over = yaml.parse_tree("{a: {b: 1}}", "b"), yaml.parse_tree("{a: {b: null, c: 2}}", "o")
    yaml.merge_trees(base, over)
    assert (yaml.plain_data(base), yaml.plain_data(over)) == ({"a": {"b": 1}}, {"a": {"b": None, "c": 2}})


# options


def test_an_option_is_a_tree() -> None:
    assert yaml.plain_data(yaml.parse_option("a.b.c=1e-5")) == {"a": {"b": {"c": 1e-5}}}


def test_an_option_obeys_the_rules_of_a_file() -> None:
    assert yaml.plain_data(yaml.parse_option("languages=[no]")) == {"languages": ["no"]}
    assert yaml.plain_data(yaml.parse_option("languages=no")) == {"languages": "no"}
    assert yaml.plain_data(yaml.parse_option("a={type: typos, rate: .5}")) == {"a": {"type": "typos", "rate": 0.5}}


def test_an_option_may_hold_equals_signs() -> None:
    assert yaml.plain_data(yaml.parse_option("a=b=c")) == {"a": "b=c"}


@pytest.mark.parametrize("text", ["a.b=", "a.b=null", "a.b=~"])
def test_an_empty_option_is_null(text: str) -> None:
    assert yaml.plain_data(yaml.parse_option(text)) == {"a": {"b": None}}


@pytest.mark.parametrize("text", ["a.b", "=1", "a..b=1", ".a=1", "a.=1", ""])
def test_an_option_without_path_or_value_is_a_fault(text: str) -> None:
    with pytest.raises(RecipeError) as caught:
        yaml.parse_option(text)
    assert caught.value.faults[0].line == 0
    assert f"--set {text}" in str(caught.value)


@pytest.mark.parametrize("text", ["a=[1", "a=!!python/name:os.system x", "a={k: 1, k: 2}"])
def test_a_broken_option_is_a_fault_without_a_line(text: str) -> None:
    with pytest.raises(RecipeError) as caught:
        yaml.parse_option(text)
    assert [(fault.file, fault.line) for fault in caught.value.faults] == [(f"--set {text}", 0)]


# interpolation


def test_an_interpolation_takes_the_value_of_a_path() -> None:
    assert resolved("a: {b: 1e-5}\nc: ${a.b}\n") == {"a": {"b": 1e-5}, "c": 1e-5}


def test_an_interpolation_inside_text_is_put_in() -> None:
    assert resolved("a: x\nc: 'is ${a}, ${a}'\n")["c"] == "is x, x"


def test_an_interpolation_takes_blocks_and_list_items() -> None:
    assert resolved("a: {b: [4, 5]}\nc: ${a}\nd: ${a.b[1]}\n") == {"a": {"b": [4, 5]}, "c": {"b": [4, 5]}, "d": 5}


def test_an_interpolation_inside_a_list_is_put_in() -> None:
    assert resolved("a: 7\nc: [1, '${a}']\n")["c"] == [1, 7]


def test_an_interpolation_keeps_norwegian() -> None:
    assert resolved("a: no\nb: ['${a}']\n")["b"] == ["no"]


def test_an_interpolation_of_an_interpolation_is_put_in() -> None:
    assert resolved("a: 1\nb: ${a}\nc: ${b}\n")["c"] == 1


def test_an_interpolation_that_points_nowhere_is_a_fault_with_its_place() -> None:
    (fault,) = unresolved("a: 1\nb:\n  c: ${a.x}\n")
    assert fault[:4] == ("f.yaml", 3, 6, "b.c")
    assert "${a.x}" in fault.message


def test_each_interpolation_that_fails_is_told() -> None:
    assert [fault.path for fault in unresolved("a: ${x}\nb: 1\nc: [2, '${y}']\n")] == ["a", "c[1]"]


@pytest.mark.timeout(20)
def test_interpolations_in_a_circle_are_faults() -> None:
    assert {fault.path for fault in unresolved("a: ${b}\nb: ${a}\n")} == {"a", "b"}


@pytest.mark.parametrize("text", ["${", "${a", "x ${a.}"])
def test_a_malformed_interpolation_is_a_fault_with_its_place(text: str) -> None:
    (fault,) = unresolved(f"a: 1\nb: '{text}'\n")
    assert (fault.line, fault.column, fault.path) == (2, 4, "b")


SECRETS = [
    "${oc.env:HOME}",
    "x${oc.env:HF_TOKEN,none}",
    "${oc.decode:'1'}",
    "${oc.select:a}",
    "${${b}:HOME}",
    "${a.${b}}",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_reference_names_a_field_and_runs_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    (fault,) = unresolved(f'a: 1\nb: oc.env\nc: "{text}"\n')
    assert fault.path == "c" and "asks for something else than a field" in fault.message
    assert "hf_secret" not in str(fault)


def test_variables_of_xfers_own_may_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XFER_PLACE", "/models")
    assert resolved("a: '${oc.env:XFER_PLACE}/e5'\n")["a"] == "/models/e5"


def test_references_relative_to_their_block_are_put_in() -> None:
    assert resolved("a: {b: 1, c: '${.b}', d: {e: '${..b}'}}\n")["a"] == {"b": 1, "c": 1, "d": {"e": 1}}


BOMBS = {
    "text": "a0: xx\n" + "".join(f"a{i}: '${{a{i - 1}}}${{a{i - 1}}}'\n" for i in range(1, 40)),
    "lists": "a0: [1, 2]\n" + "".join(f"a{i}: ['${{a{i - 1}}}', '${{a{i - 1}}}']\n" for i in range(1, 40)),
    "blocks": "a0: {x: 1}\n" + "".join(f"a{i}: {{x: '${{a{i - 1}}}', y: '${{.x}}'}}\n" for i in range(1, 40)),
    "chain": "a0: 1\n" + "".join(f"a{i}: ${{a{i - 1}}}\n" for i in range(1, 400)),
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("bomb", BOMBS)
def test_references_that_stand_for_too_much_are_refused_at_once(bomb: str) -> None:
    (fault,) = unresolved(BOMBS[bomb])
    words = "chained more than 50 deep" if bomb == "chain" else "stand for more than 100,000 characters and fields"
    assert words in fault.message


@pytest.mark.timeout(10)
def test_a_chain_within_the_bound_is_followed() -> None:
    assert resolved("a0: 7\n" + "".join(f"a{i}: ${{a{i - 1}}}\n" for i in range(1, 50)))["a49"] == 7


# marks

MARKED = """\
name: a
stages:
  one:
    reader: mnli
    seeds: [1, 22,
            333]
"""


def locate(*path: str | int, key: bool = False) -> tuple[int, int]:
    mark = yaml.locate_mark(yaml.parse_tree(MARKED, "f.yaml"), path, key=key)
    assert mark.file == "f.yaml"
    return mark.line, mark.column


def test_a_value_is_marked_where_it_starts() -> None:
    assert locate("name") == (1, 7)
    assert locate("stages", "one", "reader") == (4, 13)


def test_a_key_is_marked_where_it_starts() -> None:
    assert locate("name", key=True) == (1, 1)
    assert locate("stages", "one", "reader", key=True) == (4, 5)


def test_a_block_is_marked_by_its_key() -> None:
    assert locate("stages") == (2, 1)
    assert locate("stages", "one") == (3, 3)


def test_list_items_are_marked() -> None:
    assert locate("stages", "one", "seeds") == (5, 12)
    assert locate("stages", "one", "seeds", 1) == (5, 16)
    assert locate("stages", "one", "seeds", 2) == (6, 13)


def test_what_is_not_there_is_marked_by_the_block_around_it() -> None:
    assert locate("stages", "one", "start") == (3, 3)
    assert locate("stages", "two", "reader", "x") == (2, 1)


def test_columns_count_characters_and_not_bytes() -> None:
    tree = yaml.parse_tree("{ä: 1, 日本: x, 😀: y, b: z}", "f.yaml")
    assert yaml.locate_mark(tree, ("b",)) == Mark("f.yaml", 1, 24)


def test_windows_line_ends_do_not_move_marks() -> None:
    tree = yaml.parse_tree("a: 1\r\nb:\r\n  c: x\r\n", "f.yaml")
    assert yaml.locate_mark(tree, ("b", "c")) == Mark("f.yaml", 3, 6)
    assert yaml.plain_data(tree) == {"a": 1, "b": {"c": "x"}}


def test_merged_values_keep_the_mark_of_their_own_file() -> None:
    tree = yaml.merge_trees(
        yaml.parse_tree("a: 1\nb: {c: 2, d: 3}\n", "base.yaml"), yaml.parse_tree("\n\nb: {d: 4}\n", "over.yaml")
    )
    assert yaml.locate_mark(tree, ("a",)) == Mark("base.yaml", 1, 4)
    assert yaml.locate_mark(tree, ("b", "c")) == Mark("base.yaml", 2, 8)
    assert yaml.locate_mark(tree, ("b", "d")) == Mark("over.yaml", 3, 8)


def test_a_path_is_written_with_dots_and_brackets() -> None:
    assert yaml.dotted_path(("stages", "mnli", "seeds", 0, "x")) == "stages.mnli.seeds[0].x"
    assert yaml.dotted_path(()) == ""
