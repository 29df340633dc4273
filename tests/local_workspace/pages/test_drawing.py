from itertools import pairwise

import pytest

from local_workspace.pages.drawing import HEIGHT, WIDTH, Node, draw


def places(*nodes: Node) -> dict[str, tuple[float, float]]:
    return {box.node.key: (box.x, box.y) for box in draw(nodes).boxes}


def test_a_node_stands_to_the_right_of_all_that_it_depends_on():
    found = places(Node("c", "C", ["a", "b"]), Node("b", "B", ["a"]), Node("a", "A"))
    assert found["a"][0] < found["b"][0] < found["c"][0]


def test_boxes_do_not_overlap_and_lie_within_the_drawing():
    nodes = [Node(f"{layer}-{n}", "x", [f"{layer - 1}-{(n * 7) % 5}", "0-0"]) for layer in range(4) for n in range(5)]
    drawing = draw(nodes)
    for left, right in ((a, b) for a in drawing.boxes for b in drawing.boxes if a is not b):
        assert abs(left.x - right.x) >= WIDTH or abs(left.y - right.y) >= HEIGHT
    assert all(0 <= box.x <= drawing.width - WIDTH and 0 <= box.y <= drawing.height - HEIGHT for box in drawing.boxes)


def test_parallel_chains_keep_their_lanes():
    chains = [Node(f"{name}{n}", "x", [f"{name}{n - 1}"]) for n in range(3) for name in "ab"]
    found = places(*chains)
    assert all(found[f"{name}{n}"][1] == found[f"{name}{m}"][1] for name in "ab" for n, m in pairwise(range(3)))


def test_there_is_an_arrow_for_each_dependency_that_exists():
    assert len(draw([Node("a", "A"), Node("b", "B", ["a", "a", "gone"]), Node("c", "C", ["a", "b"])]).edges) == 3


@pytest.mark.parametrize("nodes", [[], [Node("a", "A", ["a"])], [Node("a", "A", ["b"]), Node("b", "B", ["a"])]])
def test_nothing_and_a_cycle_can_be_drawn(nodes):
    assert len(draw(nodes).boxes) == len(nodes)


def test_long_texts_are_shortened_and_kept_whole_beside():
    (box,) = draw([Node("a", "a" * 40, detail="b" * 40)]).boxes
    assert (len(box.label), len(box.detail), box.node.label) == (26, 30, "a" * 40)
