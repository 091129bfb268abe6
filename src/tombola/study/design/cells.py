"""From an image and its explanations to trials, one function per task.

Every cell has two variants, each with names of its own. Pairwise they differ in who is left (but for the preset
``fixed-per-image``); in distinction the candidates stand in another order; elsewhere they show the same. A participant
meets one of them, and as a repeat the other.
"""

from collections.abc import Callable, Iterator

from tombola.registry import Registry
from tombola.study.design import asking
from tombola.study.design.bench import Bench, Drawn
from tombola.study.design.material import GENUINE, SHUFFLED, Item, Pixels, Shown
from tombola.study.design.spec import VERSUS
from tombola.study.design.truth import Phase
from tombola.study.trial import Kind

Maker = Callable[[Bench, Item, Kind, int], Iterator[Drawn]]
tasks: Registry[Maker] = Registry("task")


def cell_name(item: Item, label: str) -> str:
    """Return the name of a cell, for the key: image and what it is rated in."""
    return f"{item.image:05d}/{label}"


def conditions(bench: Bench, item: Item, kind: Kind) -> list[tuple[str, Shown]]:
    """Return (condition, explanation) of what is asked about an image."""
    names = bench.spec.condition_names if kind == "main" else (GENUINE,)
    return [(name, item.shown[name]) for name in names]


@tasks.register("pairwise")
def pairwise(bench: Bench, item: Item, kind: Kind, variant: int) -> Iterator[Drawn]:
    """Two explanations of one prediction; which one is more reasonable is asked."""
    for first, second in bench.spec.pairs if kind == "main" else ((GENUINE, SHUFFLED),):
        cell = cell_name(item, f"{first}{VERSUS}{second}")
        swap = bench.names.number("side", cell) % 2 if bench.spec.sides == "fixed-per-image" else variant
        left, right = (second, first) if swap else (first, second)
        yield bench.draw(
            cell,
            variant,
            kind,
            [
                ("left", left, item.shown[left].pixels, item.shown[left]),
                ("original", "", item.original, None),
                ("right", right, item.shown[right].pixels, item.shown[right]),
            ],
            asking.both_predict(item.shown[first].predicted),
            asking.SIDES,
            item,
            left=left,
            right=right,
            predicted=item.shown[first].predicted,
            correct=() if kind == "main" else ("left" if left == GENUINE else "right",),
        )


@tasks.register("recognition")
def recognition(bench: Bench, item: Item, kind: Kind, variant: int) -> Iterator[Drawn]:
    """Parts of a picture; what it shows is asked. Nothing else is ever sent, neither image nor prediction."""
    for name, shown in conditions(bench, item, kind):
        yield bench.draw(
            cell_name(item, name),
            variant,
            kind,
            [("window", name, shown.pixels, shown)],
            "",
            asking.classes(bench.spec.classes),
            item,
            condition=name,
            predicted=shown.predicted,
            correct=(item.image_class,),
        )


@tasks.register("agreement")
def agreement(bench: Bench, item: Item, kind: Kind, variant: int) -> Iterator[Drawn]:
    """A prediction and its explanation; whether it is right is asked."""
    for name, shown in conditions(bench, item, kind):
        right = shown.predicted == item.image_class
        yield bench.draw(
            cell_name(item, name),
            variant,
            kind,
            [("original", "", item.original, None), ("map", name, shown.pixels, shown)],
            asking.predicts(shown.predicted),
            asking.TRUST,
            item,
            condition=name,
            predicted=shown.predicted,
            correct=asking.SAYS_RIGHT if right else asking.SAYS_WRONG,
        )


@tasks.register("distinction")
def distinction(bench: Bench, item: Item, kind: Kind, variant: int) -> Iterator[Drawn]:
    """Explanations of four classes; which of them the model predicted is asked."""
    for turn, (name, shown) in enumerate(conditions(bench, item, kind)):
        cell = cell_name(item, name)
        order = sorted(shown.candidates, key=lambda c: bench.names.name("order", cell, variant, c))
        # the right one in every place equally often, which an order drawn at random does not give
        place = (bench.names.number("place") + item.image + turn + variant) % len(order)
        order.remove(shown.predicted)
        order.insert(place, shown.predicted)
        parts = [("candidate", name, shown.candidates[c], shown) for c in order]
        yield bench.draw(
            cell,
            variant,
            kind,
            [("original", "", item.original, None), *parts],
            asking.WHICH_PREDICTED,
            asking.numbered(len(order)),
            item,
            condition=name,
            predicted=shown.predicted,
            correct=(str(place + 1),),
            candidates=tuple(order),
        )


@tasks.register("forward-simulation")
def forward_simulation(bench: Bench, item: Item, kind: Kind, variant: int) -> Iterator[Drawn]:
    """What the model will say is asked before and after its explanation is seen."""
    for name, shown in conditions(bench, item, kind):
        original = ("original", "", item.original, None)
        phases: list[tuple[Phase, str, list[tuple[str, str, Pixels, Shown | None]]]] = [
            ("before", asking.WHAT_WILL_IT_SAY, [original]),
            ("after", asking.WHAT_WITH_EXPLANATION, [original, ("map", name, shown.pixels, shown)]),
        ]
        for phase, heading, parts in phases:
            yield bench.draw(
                cell_name(item, name),
                variant,
                kind,
                parts,
                heading,
                asking.classes(bench.spec.classes),
                item,
                condition=name,
                predicted=shown.predicted,
                correct=(shown.predicted,),
                phase=phase,
            )
