"""What is left of the rules by what needs what: tables, and any graph at all."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hubcli.retention.attached import key_of, subject_of
from hubcli.retention.facts import Node, Tag
from hubcli.retention.planning import Plan, judged, settled
from hubcli.retention.rules import Rules, Verdict
from hubcli.tags import names


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def attached(number: int, suffix: str = ".sig") -> str:
    return f"sha256-{number:064x}{suffix}"


def planned(
    tags: Mapping[str, int], going: Iterable[str], nodes: Iterable[Node] = (), frozen: str = ""
) -> Plan:
    """The plan where the rules let these tags go, of which `frozen` is immutable."""
    gone = set(going)
    verdicts = [
        Verdict(Tag(name, digest(number)), name in gone, "keep", "")
        for name, number in tags.items()
    ]
    return settled(
        verdicts,
        {node.digest: node for node in nodes},
        lambda tag: "immutable" if tag.name == frozen else None,
    )


def gone(plan: Plan) -> set[str]:
    return {one.tag.name for one in plan.going}


def rule(plan: Plan, name: str) -> str:
    return next(one.rule for one in plan.verdicts if one.tag.name == name)


def test_what_belongs_to_others_goes_with_them_and_never_otherwise() -> None:
    tags = {
        "v1": 1, "v2": 2, attached(1): 11, attached(1, ".att"): 12, attached(11): 13,
        attached(2): 21, attached(9): 91, attached(1, ""): 14,
    }  # fmt: skip
    plan = planned(tags, ["v1"])
    assert gone(plan) == {"v1", attached(1), attached(1, ".att"), attached(1, ""), attached(11)}
    assert rule(plan, attached(2)) == rule(plan, attached(9)) == "subject"
    order = [group.tags[0] for group in plan.groups]
    assert order.index(attached(11)) < order.index(attached(1)) < order.index("v1")
    belongings = {group.tags[0]: group.belongings for group in plan.groups}
    assert belongings["v1"] == {attached(1), attached(1, ".att"), attached(1, "")}
    assert belongings[attached(1)] == {attached(11)}


def test_what_belongs_to_an_image_inside_an_index_goes_with_the_index() -> None:
    nodes = [Node(digest(1), (digest(2), digest(3))), Node(digest(4), (digest(3),))]
    plan = planned({"v1": 1, "v2": 4, attached(2): 21, attached(3): 31}, ["v1"], nodes)
    assert gone(plan) == {"v1", attached(2)}


def test_the_rules_never_judge_what_belongs_to_others() -> None:
    tags = [Tag("v1", digest(1), 5.0), Tag(attached(1), digest(2), 9.0)]
    verdicts = judged(tags, [Rules(keep=1)], 10.0)
    assert not any(one.goes for one in verdicts)
    assert settled(verdicts, {}).count == 0


def test_an_immutable_signature_stays_alone() -> None:
    tags = {"v1": 1, attached(1): 11, attached(1, ".att"): 12}
    plan = planned(tags, ["v1"], frozen=attached(1))
    assert gone(plan) == {"v1", attached(1, ".att")}
    assert rule(plan, attached(1)) == "immutable"


def test_what_something_that_stays_refers_to_stays_with_all_that_belongs_to_it() -> None:
    """An SBOM that was tagged by hand is kept: the image it is of is, too, and its signature."""
    nodes = [Node(digest(7), subject=digest(2)), Node(digest(1), (digest(2),))]
    tags = {"v1": 1, "sbom": 7, attached(1): 11, "old": 3}
    plan = planned(tags, ["v1", "old"], nodes)
    assert gone(plan) == {"old"}
    assert rule(plan, "v1") == "referrer"
    assert rule(plan, attached(1)) == "subject"


def test_chains_of_subjects_hold_each_other() -> None:
    nodes = [Node(digest(3), subject=digest(2)), Node(digest(2), subject=digest(1))]
    plan = planned({"v1": 1, "sbom": 2, "signature": 3}, ["v1", "sbom"], nodes)
    assert gone(plan) == set()


def test_a_fallback_index_does_not_hold_the_subject_of_what_it_lists() -> None:
    nodes = [Node(digest(5), (digest(6),)), Node(digest(6), subject=digest(1))]
    assert gone(planned({"v1": 1, "v2": 2, attached(1, ""): 5}, ["v1"], nodes)) == {
        "v1",
        attached(1, ""),
    }


def test_a_tag_that_is_named_after_what_it_points_at_goes_with_its_siblings() -> None:
    """GitLab answers so for a fallback tag where there are no referrers."""
    tags = {"v1": 1, attached(1, ""): 1, "v2": 2}
    plan = planned(tags, ["v1"])
    assert [group.tags for group in plan.groups] == [("v1", attached(1, ""))]
    assert gone(planned(tags, ["v2"])) == {"v2"}


def test_tags_of_one_manifest_are_one_group_and_indexes_come_before_what_is_in_them() -> None:
    nodes = [Node(digest(1), (digest(2),)), Node(digest(3), (digest(1),))]
    plan = planned(
        {"amd64": 2, "v1": 1, "v1.0": 1, "all": 3, "x": 9}, ["amd64", "v1", "v1.0", "all"], nodes
    )
    assert [group.tags for group in plan.groups] == [("all",), ("v1", "v1.0"), ("amd64",)]


def test_bytes_are_counted_once_and_not_where_something_else_has_them() -> None:
    nodes = [
        Node(digest(1), parts=((digest(1), 5), ("a", 100), ("b", 10))),
        Node(digest(2), parts=((digest(2), 7), ("a", 100), ("c", 1000))),
        Node(digest(3), parts=((digest(3), 9), ("c", 1000))),
    ]
    tags = {"v1": 1, "v2": 2, "v2.0": 2, "v3": 3}
    assert planned(tags, ["v1", "v2", "v2.0"], nodes).size == 5 + 10 + 100 + 7
    assert planned(tags, ["v2"], nodes).size == 0 or planned(tags, ["v2"], nodes).size is None
    told = [
        Verdict(Tag("a", digest(1), size=5), True, "", ""),
        Verdict(Tag("b", digest(1), size=5), True, "", ""),
        Verdict(Tag("c", digest(2), size=7), True, "", ""),
        Verdict(Tag("d", digest(2), size=7), False, "", ""),
    ]
    assert settled(told, {}).size == 5
    inside = {digest(2): Node(digest(2), (digest(1),))}
    assert settled(told, inside).size is None


def test_several_rules_keep_what_one_of_them_keeps() -> None:
    tags = [Tag(name, digest(number), float(number)) for number, name in enumerate("abcd")]
    rules = [Rules(names("[abc]")), Rules(names("[bd]"), keep=1)]
    verdicts = {one.tag.name: one.goes for one in judged(tags, rules, 10.0)}
    assert verdicts == {"a": True, "b": True, "c": True, "d": False}
    rules = [Rules(names("*")), Rules(names("[ab]"), keep=1)]
    verdicts = {one.tag.name: one.goes for one in judged(tags, rules, 10.0)}
    assert verdicts == {"a": True, "b": False, "c": True, "d": True}


def test_signatures_alone_are_nothing() -> None:
    assert planned({"v1": 1, attached(9): 2}, ["v1"]).empties
    assert not planned({"v1": 1, "v2": 2}, ["v1"]).empties
    assert not planned({attached(9): 2}, []).empties


def test_what_is_attached_and_needed_by_nothing_goes_along() -> None:
    plan = planned({"v1": 1, "v2": 2, "mine": 7}, ["v1"]).with_referrers(
        {digest(1): (digest(7), digest(8), digest(2))}
    )
    assert [group.referrers for group in plan.groups] == [(digest(8),)]


def test_what_a_plan_holds_grows_with_the_number_of_tags_alone() -> None:
    """Each of an index with three images, of which half go: less than two pages of memory."""

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            nodes = {}
            for number in range(0, 4 * count, 4):
                inside = tuple(digest(number + each) for each in (1, 2, 3))
                nodes[digest(number)] = Node(
                    digest(number), inside, None, tuple((one, 9) for one in inside)
                )
            tags = [
                Tag(f"build-{number}", root, float(number)) for number, root in enumerate(nodes)
            ]
            plan = settled(judged(tags, [Rules(keep=count // 2)], 1e9), nodes)
            assert plan.count == count // 2
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert (peak(2_000) - peak(500)) / 1_500 < 2_200


# Any repository

SIGNED = "sha256:ff"


@dataclass
class Registry:
    """Deletes a manifest with all its tags, whoever needs it."""

    nodes: Mapping[str, Node]
    tags: dict[str, str]
    gone: set[str] = field(default_factory=set)

    def delete(self, found: str) -> None:
        self.gone.add(found)
        self.tags = {name: at for name, at in self.tags.items() if at != found}

    def whole(self, name: str) -> bool:
        todo = [self.tags[name]]
        while todo:
            each = todo.pop()
            if each in self.gone:
                return False
            todo += self.nodes[each].children
        return True


@st.composite
def repositories(draw: st.DrawFn) -> tuple[dict[str, Node], dict[str, str], set[str]]:
    """Manifests that may be inside earlier ones or attached to them, tags, and what would go."""
    nodes: dict[str, Node] = {}
    for number in range(draw(st.integers(1, 8))):
        earlier = (
            st.sampled_from([digest(each) for each in range(number)]) if number else st.nothing()
        )
        children = draw(st.lists(earlier, max_size=3, unique=True)) if number else []
        subject = draw(st.none() | earlier) if number else None
        nodes[digest(number)] = Node(digest(number), tuple(children), subject)
    known = st.sampled_from(sorted(nodes))
    tags = draw(st.dictionaries(st.sampled_from("abcdefgh"), known, min_size=1))
    made = sorted(nodes)
    needed = {each for node in nodes.values() for each in (*node.children, node.subject)}
    odd = draw(st.none() | st.sampled_from(sorted(nodes.keys() - needed)))
    for owner in draw(st.lists(known, max_size=4, unique=True)):
        # A signature of its own, as cosign makes it, or once whatever somebody tagged so.
        at = f"{SIGNED}{owner[len(SIGNED) :]}"
        if odd is not None and owner < odd and owner not in below(nodes, odd):
            at, odd = odd, None
        elif draw(st.booleans()):
            made.append(at)
        nodes.setdefault(at, Node(at))
        suffix = draw(st.sampled_from((".sig", ".att", "")))
        tags[owner.replace(":", "-") + suffix] = at
    for signature in made:
        if signature.startswith(SIGNED):
            at = f"sha256:ee{signature[len('sha256:ee') :]}"
            nodes[at] = Node(at, subject=signature)
            tags[signature.replace(":", "-") + ".sig"] = at
    going = draw(st.sets(st.sampled_from(sorted(tags))))
    return nodes, tags, going


@settings(max_examples=150)
@given(repositories())
def test_what_stays_is_whole_after_every_step(
    found: tuple[dict[str, Node], dict[str, str], set[str]],
) -> None:
    nodes, tags, going = found
    verdicts = [
        Verdict(Tag(name, at), name in going and subject_of(name) is None, "keep", "")
        for name, at in tags.items()
    ]
    plan = settled(verdicts, nodes)
    leaving = gone(plan)
    assert {name for name in leaving if subject_of(name) is None} <= going
    registry = Registry(nodes, dict(tags))
    done: set[str] = set()
    for group in plan.groups:
        assert {name for name in group.belongings if tags[name].startswith(SIGNED)} <= done
        assert {tags[name] for name in group.tags} == {group.digest}
        # As `registry.untag` does it: the manifest goes if no other tag needs it.
        left = {name: at for name, at in registry.tags.items() if name not in group.tags}
        needed = any(group.digest in below(nodes, at) for at in left.values())
        if needed:
            registry.tags = left
        else:
            registry.delete(str(group.digest))
        done |= set(group.tags)
        # Whoever is interrupted here, and runs it again, has the same left to do.
        rest = [replace(one) for one in verdicts if one.tag.name not in done]
        assert gone(settled(rest, nodes)) == leaving - done
        assert all(registry.whole(name) for name in registry.tags)
    assert set(registry.tags) == set(tags) - leaving
    staying = {at for name, at in registry.tags.items()}
    for name in leaving:
        owner = subject_of(name)
        assert owner is None or owner not in {
            key_of(each) for root in staying for each in below(nodes, root)
        }
    # Whoever stays still has what it is attached to, if that was held by a tag.
    had = {each for at in tags.values() for each in below(nodes, at)}
    has = {each for at in staying for each in below(nodes, at)}
    for name, at in registry.tags.items():
        if subject_of(name) is None:
            subject = nodes[at].subject
            assert subject is None or subject not in had or subject in has
    again = settled([replace(one) for one in plan.verdicts if not one.goes], nodes)
    assert again.count == 0


def below(nodes: Mapping[str, Node], root: str) -> set[str]:
    found = {root}
    for child in nodes[root].children:
        found |= below(nodes, child)
    return found
