"""Templates: what docker's own do with the same input, and where hubcli's differ on purpose."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcli.errors import UsageError
from hubcli.output import Field, Kind, Row, Selection, View
from hubcli.output.template import Template
from support.streams import Streams

TAGS = View(
    "tag",
    (
        Field("name", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("size", Kind.SIZE),
        Field("media_type"),
        Field("platforms", Kind.LIST),
        Field("layers", Kind.LIST),
        Field("labels", Kind.OBJECT),
        Field("private", Kind.BOOL),
        Field("updated", Kind.TIME),
    ),
)
ROW: Row = {
    "name": "default",
    "digest": "sha256:ab12",
    "size": 13256,
    "media_type": "application/json",
    "platforms": ["linux/amd64", "linux/arm64"],
    "layers": [{"digest": "sha256:aa", "size": 1}, {"digest": "sha256:bb", "size": 2}],
    "labels": {"b": "2", "a": "1", "org.opencontainers.image.title": "T"},
    "private": True,
    "updated": None,
}

# What docker 28 printed for the same template, `.name` being "default" there too.
AS_DOCKER = [
    ("{{.name}}", "default"),
    ("{{ .name | upper }}", "DEFAULT"),
    ('{{upper .name | printf "%q"}}', '"DEFAULT"'),
    ('{{"a" | printf "%s-%s" "b"}}', "b-a"),
    ('{{"a"|upper|lower|title}}', "A"),
    ('{{ "lit\\tX" }}', "lit\tX"),
    ("{{ `raw\\t` }}", "raw\\t"),
    ("{{- .name -}}", "default"),
    (" a {{- .name -}} b ", " adefaultb "),
    ("x {{- 3}} y", "x3 y"),
    ("x {{-3}} y", "x -3 y"),
    ("{{/* c */}}x", "x"),
    ("{{- /* c */ -}} x", "x"),
    ("{{if .name}}yes{{else}}no{{end}}", "yes"),
    ('{{if .updated}}a{{else if eq .name "default"}}b{{else}}c{{end}}', "b"),
    ('{{if and .name (eq .name "x")}}a{{else}}b{{end}}', "b"),
    ("{{with .updated}}a{{else}}empty{{end}}", "empty"),
    ("{{with $x := .name}}{{$x}}{{.}}{{end}}", "defaultdefault"),
    ("{{len .name}}", "7"),
    ('{{index .labels "a"}}', "1"),
    ("{{(index .layers 0).digest}}", "sha256:aa"),
    ("{{slice .name 0 3}}", "def"),
    ("{{slice .name 3}}", "ault"),
    ("{{title .name}}", "Default"),
    ("{{truncate .name 3}}", "def"),
    ("{{truncate .name 30}}", "default"),
    ("{{pad .name 2 3}}|", "  default   |"),
    ('{{join (split .name "f") ","}}', "de,ault"),
    ('{{join .platforms ", "}}', "linux/amd64, linux/arm64"),
    ('{{print .name "x" 1 2}}', "defaultx1 2"),
    ("{{print 1 2}}", "1 2"),
    ("{{println .name 1}}", "default 1\n"),
    ('{{printf "%-10s|%5s|%v" .name "ab" true}}', "default   |   ab|true"),
    ('{{printf "%05d %x %X %d%%" 42 255 255 5}}', "00042 ff FF 5%"),
    ('{{printf "%.2f %8.3f" 3.14159 2.5}}', "3.14    2.500"),
    ('{{printf "%s" .name | len}}', "7"),
    ("{{$x := .name}}{{$x}}", "default"),
    ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
    ("{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}", "1"),
    ('{{not true}} {{or "" "b"}} {{and "a" ""}} {{and "a" "b"}}', "false b  b"),
    ('{{eq .name "a" "default"}} {{ne 1 2}} {{lt 1 2}} {{ge "b" "a"}}', "true true true true"),
    ('{{range $i, $e := split .name "f"}}{{$i}}:{{$e}} {{end}}', "0:de 1:ault "),
    ("{{range .platforms}}<{{.}}>{{end}}", "<linux/amd64><linux/arm64>"),
    ("{{range $p := .platforms}}<{{$p}}>{{end}}", "<linux/amd64><linux/arm64>"),
    ("{{range .layers}}{{.digest}} {{$.name}};{{end}}", "sha256:aa default;sha256:bb default;"),
    (
        "{{range $k, $v := .labels}}{{$k}}={{$v}} {{end}}",
        "a=1 b=2 org.opencontainers.image.title=T ",
    ),
    ('{{range split "" "f"}}x{{else}}none{{end}}', "x"),
    ("{{range .updated}}x{{else}}none{{end}}", "none"),
    ("{{range $i, $x := .updated}}x{{else}}<{{$i}}{{$x}}>{{end}}", "<>"),
    ("{{1.5}} {{0x10}} {{true}}", "1.5 16 true"),
    ('{{json .name}} {{ .size|json }} {{json "<&>"}}', '"default" 13256 "<&>"'),
    ("{{json .labels}}", '{"b":"2","a":"1","org.opencontainers.image.title":"T"}'),
    ("{{json .name | len}}", "9"),
    ('{{printf "%q" "a\\"b\\n"}}', '"a\\"b\\n"'),
    ("{{true | not}}", "false"),
    ("{{.private}}", "true"),
    (r"a\tb\nc", "a\tb\nc"),
    ('{{"\\u00e9\\x41\\101"}}', "éAA"),
    ("no action", "no action"),
]


@pytest.mark.parametrize(("template", "text"), AS_DOCKER, ids=[t for t, _ in AS_DOCKER])
def test_as_docker(template: str, text: str) -> None:
    parsed = Template(template)
    parsed.check(TAGS, TAGS.fields)
    assert parsed.render(ROW) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        # Docker has `[a b]`, `map[k:v]`, `<no value>`; ours are values a script can go on with.
        ("{{.platforms}}", "linux/amd64,linux/arm64"),
        ("{{index .layers 1}}", '{"digest":"sha256:bb","size":2}'),
        ("{{.updated}}|{{len .updated}}|{{upper .updated}}", "|0|"),
        ('{{index .platforms 7}}|{{index .labels "none"}}', "|"),
        ("{{gt .updated 5}}", "false"),
        ('{{printf "%5d|" .updated}}', "     |"),
        # Names as docker's own templates spell them.
        ("{{.Name}} {{.MediaType}} {{.mediatype}}", "default application/json application/json"),
        ("{{range .Layers}}{{.Digest}};{{end}}", "sha256:aa;sha256:bb;"),
        # The other order, in which pipelines and gh have them.
        ('{{.platforms | join "+"}}', "linux/amd64+linux/arm64"),
        ("{{truncate 3 .name}}", "def"),
        ("{{pretty .platforms}}", '[\n  "linux/amd64",\n  "linux/arm64"\n]'),
    ],
)
def test_unlike_docker(template: str, text: str) -> None:
    parsed = Template(template)
    parsed.check(TAGS, TAGS.fields)
    assert parsed.render(ROW) == text


@pytest.mark.parametrize(
    ("template", "character", "reason"),
    [
        ("{{.name", 1, "the braces opened here are not closed"),
        ("ab {{.name}", 11, "unexpected '}'"),
        ("{{end}}", 3, "'end' without a block"),
        ("{{else}}", 3, "'else' without a block"),
        ("{{if .name}}x", 3, "'if' has no end"),
        ("{{if .name}}x{{else}}y", 3, "'if' has no end"),
        ("{{range .layers}}", 3, "'range' has no end"),
        ("{{if .name}}a{{else}}b{{else}}c{{end}}", 25, "a second else"),
        ("{{foo .name}}", 3, "no function 'foo'; there are and, eq"),
        ("{{.name | }}", 10, "a value is missing before"),
        ('{{"abc}}', 3, "the string that begins here does not end"),
        ("{{.name .name}}", 9, "is missing before '.name'"),
        ("{{(.name}}", 3, "the parenthesis opened here is not closed"),
        ("{{.name)}}", 8, "}} is missing before ')'"),
        ("{{$y}}", 3, "undefined variable '$y'"),
        ("{{with $x := .name}}{{end}}{{$x}}", 30, "undefined variable '$x'"),
        ("{{$x = 1}}", 3, "undefined variable '$x'"),
        ("{{range}}{{end}}", 8, "a value is missing"),
        ("{{len}}", 3, "len does not take 0 values"),
        ("{{upper .name .name}}", 3, "upper does not take 2 values"),
        ("{{upper lower .name}}", 9, "'lower' as a value needs parentheses"),
        ("{{.a-b}}", 5, "unexpected '-'"),
        ("{{/* x }}", 3, "unexpected '/'"),
        ("{{/* x */ y}}", 1, "a comment ends with its braces"),
        ('{{.name | "x"}}', 11, "only a function can stand behind |"),
        ('{{"\\q"}}', 3, "unknown escape in a string"),
        ('{{"\\UFFFFFFFF"}}', 4, "no such character"),
        ("{{$a, $b := .name}}", 3, "two variables are for range only"),
        ("{{if $a, $b := .name}}{{end}}", 3, "if cannot set these variables"),
        ("{{}}", 3, "a value is missing"),
        ("{{" + "(" * 60 + ".name" + ")" * 60 + "}}", 53, "nested too deeply"),
        ("{{if .name}}" * 60, 603, "nested too deeply"),
    ],
)
def test_what_cannot_be_parsed_is_refused_with_its_place(
    template: str, character: int, reason: str
) -> None:
    with pytest.raises(UsageError) as caught:
        Selection.parse(format=template)
    assert caught.value.reason.startswith(f"template, character {character}: ")
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("template", "character", "name"),
    [
        ("{{.nme}}", 3, "nme"),
        (r"{{.name}}\t{{.Diges}}", 14, "Diges"),
        ("{{range .layers}}{{$.nope}}{{end}}", 20, "nope"),
        ("{{if .nope}}{{end}}", 6, "nope"),
        ("{{with .name}}{{else}}{{.nope}}{{end}}", 25, "nope"),
        ("table {{.name}} {{.nope}}", 19, "nope"),
    ],
)
def test_a_field_that_the_view_lacks_is_refused_with_the_valid_names(
    template: str, character: int, name: str
) -> None:
    with pytest.raises(UsageError) as caught:
        Selection.parse(format=template).checked(TAGS)
    assert caught.value.reason == (
        f"template, character {character}: a tag has no field '{name}'; it has name, digest, "
        "size, media_type, platforms, layers, labels, private, updated"
    )


def test_fields_of_elements_are_not_those_of_the_view() -> None:
    Selection.parse(format="{{range .layers}}{{.anything}}{{end}}").checked(TAGS)
    Selection.parse(format="{{with .labels}}{{.anything}}{{end}}").checked(TAGS)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{.name.foo}}", "template: a plain value has no field 'foo'"),
        ("{{.layers.foo}}", "template: a list has no field 'foo'"),
        ("{{range .name}}{{end}}", "template: range needs a list or an object"),
        ('{{printf "%d" .name}}', "template, character 3: printf: %d needs a number"),
        ('{{printf "%s %s" .name}}', "template, character 3: printf: no value for '%s'"),
        ('{{printf "%s" 1 2}}', "template, character 3: printf: more values than verbs"),
        ('{{printf "%w" 1}}', "template, character 3: printf: unknown verb '%w'"),
        ("{{lt .name 3}}", "template, character 3: lt: these two cannot be compared"),
        ("{{len .size}}", "template, character 3: len: it needs text, a list or an object"),
        (
            "{{index .size 0}}",
            "template, character 3: index: it needs a list and a number, or an object and a key",
        ),
        ("{{truncate .name -1}}", "template, character 3: truncate: it needs a length"),
        ("{{slice .name -1}}", "template, character 3: slice: its bounds are numbers from 0 on"),
        ("{{slice .size 1}}", "template, character 3: slice: it needs text or a list"),
        ("{{join .size 1}}", "template, character 3: join: it needs a list"),
    ],
)
def test_what_a_value_does_not_allow_is_a_usage_error(template: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        Template(template).render(ROW)
    assert caught.value.reason == reason


HOSTILE: Row = {
    "name": "\x1b[31m\u202e\n",
    "platforms": ["\x07", "b\tc"],
    "labels": {"k\x1b": "\x1b"},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.name}}", r"\x1b[31m\u202e\n"),
        ("{{upper .name}}", r"\x1b[31M\u202e\n"),
        ("{{println .name}}", "\\x1b[31m\\u202e\\n\n"),
        ('{{printf "%s" .name}}', r"\x1b[31m\u202e\n"),
        ('{{join .platforms "\\n"}}', "\\x07\nb\\tc"),
        ('{{join (split .name "[") "\\t"}}', "\\x1b\t31m\\u202e\\n"),
        ("{{slice .name 0 1}}", r"\x1b"),
        ("{{range $k, $v := .labels}}{{$k}}{{$v}}{{end}}", r"k\x1b\x1b"),
        ("{{json .name}}", r'"\u001b[31m\u202e\n"'),
        ("{{.labels}}", r'{"k\u001b":"\u001b"}'),
        # What the template itself says is the user's own.
        ('{{"\\x1b[1m"}}{{upper "\\x07x"}}\x1b', "\x1b[1m\x07X\x1b"),
    ],
)
def test_hostile_values_are_made_visible_and_the_template_is_not(template: str, text: str) -> None:
    assert Template(template).render(HOSTILE) == text


@given(st.text())
def test_no_template_fails_with_anything_but_a_usage_error(source: str) -> None:
    for template in (source, "{{" + source + "}}", "{{if " + source + "}}{{.name}}{{end}}"):
        with suppress(UsageError):
            Template(template).render(ROW)


@given(
    st.lists(
        st.sampled_from(
            [
                "{{",
                "}}",
                "{{-",
                " -}}",
                ".name",
                ".",
                "$",
                "$x",
                ":=",
                "=",
                "|",
                "(",
                ")",
                "if ",
                "range ",
                "with ",
                "else",
                "end",
                " ",
                "upper ",
                "join ",
                "index ",
                "0 ",
                '"a" ',
                "{{end}}",
                ".a.b",
                "nil ",
                "printf ",
                '"%d" ',
                ",",
                ".layers",
                "{{else}}",
                "{{.}}",
            ]
        )
    )
)
def test_no_heap_of_tokens_fails_with_anything_but_a_usage_error(parts: list[str]) -> None:
    with suppress(UsageError):
        Template("".join(parts)).render(ROW)


def test_a_line_per_row() -> None:
    streams = Streams()
    rows: list[Row] = [{"name": "a", "size": 1}, {"name": "b"}]
    streams.output.rows(TAGS, rows, Selection(r"{{.name}}\t{{.size}}"))
    assert streams.out == "a\t1\nb\t\n"


def test_the_whole_row_is_the_json_object() -> None:
    streams = Streams()
    streams.output.rows(TAGS, [{"name": "a"}], Selection("{{json .}}", ("name", "size")))
    assert streams.out == '{"name":"a","size":null}\n'


def test_a_table_has_headings_and_stands_as_dockers_do() -> None:
    streams = Streams()
    rows: list[Row] = [
        {"name": "a", "size": 1, "platforms": ["x"], "layers": [{"digest": "d"}]},
        {"name": "a-long-name", "size": 123456789},
    ]
    template = (
        r'table {{.name}}\t{{.size}}\t{{join .platforms "+"}}\t{{json .media_type}}'
        r"{{if .layers}}{{range .layers}}!{{.digest}}{{end}}{{end}}"
    )
    streams.output.rows(TAGS, rows, Selection(template))
    assert streams.out == (
        "NAME          SIZE        PLATFORMS   MEDIA TYPE!DIGEST\n"
        "a             1           x           null!d\n"
        "a-long-name   123456789               null\n"
    )


def test_a_table_without_rows_is_its_heading() -> None:
    streams = Streams()
    streams.output.rows(TAGS, [], Selection(r"table {{.Name}}\t{{upper .media_type}}"))
    assert streams.out == "NAME      MEDIA TYPE\n"
