"""What one participant meets: order, checks, repeats, lost slots, reproducibility."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tombola.errors import TombolaError
from tombola.study.assignment import assign, restore, verify_blocks
from tombola.study.assignment.order import extra_cells
from tombola.study.design import Study, synthetic_study
from tombola.study.trial import TASKS, Trial


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return synthetic_study(tmp_path_factory.mktemp("study") / "s", classes=5, raters=4, cap=8, seed=3, salt=b"s" * 32)


def main(trials: tuple[Trial, ...]) -> list[str]:
    return [trial.name for trial in trials if trial.kind == "main"]


def run_out(study: Study, lost: set[int] = frozenset(), keep: int = 0) -> list[list[str]]:
    """Let participants arrive until the study is full; those in `lost` keep only their first `keep` answers."""
    taken: Counter[str] = Counter()
    blocks = []
    for arrival in range(1000):
        names = main(assign(study, arrival, taken))
        if not names:
            break
        blocks.append(names[:keep] if arrival in lost else names)
        taken.update(blocks[-1])
    return blocks


@pytest.mark.parametrize("task", TASKS)
def test_every_task_fills_up_exactly(task: str, tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "s", task, classes=4, images_per_class=1, raters=3, cap=4)
    blocks = run_out(study)
    assert len(blocks) == len(study.blocks)
    assert [check for check in verify_blocks(study, blocks) if not check.holds] == []


@given(st.sets(st.integers(0, 14), max_size=10), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_lost_slots_return_to_the_pool(study: Study, lost: set[int], keep: int) -> None:
    blocks = run_out(study, lost, keep)
    checks = {check.what: check for check in verify_blocks(study, blocks)}
    assert checks["raters per cell"].holds
    assert checks["conditions in which a participant meets an image"].holds
    assert checks["images per participant"].holds
    if not keep:
        assert checks["left minus right of a pair, within a participant"].holds
    assert (len(blocks) > len(study.blocks)) == bool(lost)


def test_late_participants_balance_sides_within_themselves(study: Study) -> None:
    taken: Counter[str] = Counter()
    for arrival in range(len(study.blocks), len(study.blocks) + 3):
        names = main(assign(study, arrival, taken))
        taken.update(names)
        for pair in study.spec.pairs:
            sides = [study.truth[name].left == pair[0] for name in names if set(pair) == _shown(study, name)]
            assert abs(2 * sum(sides) - len(sides)) <= 1


def _shown(study: Study, name: str) -> set[str]:
    return {study.truth[name].left, study.truth[name].right}


def test_a_full_cell_is_never_given_out_again(study: Study) -> None:
    full = dict.fromkeys(study.blocks[0], study.spec.raters)
    assert not {study.truth[n].cell for n in main(assign(study, 0, full))} & {
        study.truth[n].cell for n in study.blocks[0]
    }


def test_order_is_practice_quiz_then_trials_with_checks_between(study: Study) -> None:
    trials = assign(study, 0)
    kinds = [trial.kind for trial in trials]
    practice, quiz = kinds.count("practice"), kinds.count("quiz")
    assert kinds[: practice + quiz] == ["practice"] * 2 + ["quiz"] * 3
    rest = kinds[practice + quiz :]
    assert (rest.count("gold"), rest.count("repeat"), len(rest)) == (2, 2, 12)
    assert rest[0] == "main"


def test_repeats_ask_the_same_cell_again_later_with_sides_swapped(study: Study) -> None:
    for arrival in range(6):
        trials = assign(study, arrival)
        place = {study.truth[t.name].cell: i for i, t in enumerate(trials) if t.kind == "main"}
        for i, trial in enumerate(trials):
            if trial.kind == "repeat":
                truth = study.truth[trial.name]
                first = study.truth[trials[place[truth.cell]].name]
                assert i - place[truth.cell] >= 3
                assert (truth.left, truth.right) == (first.right, first.left)
                assert trial.name != first.trial


def test_gold_and_practice_images_are_met_once_and_never_among_the_main_ones(study: Study) -> None:
    for arrival in range(6):
        trials = [t for t in assign(study, arrival) if t.kind not in ("quiz", "repeat")]
        images = [study.truth[trial.name].image for trial in trials]
        assert len(images) == len(set(images))


def test_gold_answers_are_not_always_on_one_side(study: Study) -> None:
    sides = {study.truth[t.name].correct[0] for arrival in range(8) for t in assign(study, arrival) if t.kind == "gold"}
    assert sides == {"left", "right"}
    assert all(len(variants) == 2 for variants in extra_cells(study, "gold").values())


def test_classes_alternate_and_orders_differ_between_participants(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "s", classes=5, images_per_class=4, raters=2, cap=10, gold=0, repeats=0)
    orders = []
    for arrival in range(4):
        classes = [study.truth[name].image_class for name in main(assign(study, arrival))]
        assert len(set(classes[:5])) == len(set(classes[5:10])) == 5
        orders.append(tuple(classes))
    assert len(set(orders)) > 1


def test_the_same_seed_and_arrival_give_the_same_trials(study: Study) -> None:
    assert assign(study, 4, {}) == assign(study, 4) != assign(study, 5)
    late = len(study.blocks) + 2
    assert assign(study, late) == assign(study, late) != assign(study, late + 1)


def test_stored_names_and_kinds_restore_a_participants_trials(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "s", "recognition", classes=10, images_per_class=1, options_order="shuffled")
    trials = assign(study, 2)
    assert restore(study, 2, [(trial.name, trial.kind) for trial in trials]) == trials
    orders = {tuple(o.value for o in t.options) for t in trials if t.kind != "quiz"}
    assert len(orders) == 1, "one order per participant"
    others = {tuple(o.value for o in t.options) for n in range(5) for t in assign(study, n) if t.kind == "main"}
    assert len(others) == 5
    assert all(order[-1] == "none" and len(order) == 11 for order in others | orders)


def test_kind_is_told_by_the_tuple_and_nothing_else_differs(study: Study) -> None:
    for trial in assign(study, 1):
        assert replace(trial, kind=study.trials[trial.name].kind) == study.trials[trial.name]


def test_counts_by_cell_or_of_other_studies_are_refused(study: Study) -> None:
    with pytest.raises(TombolaError, match="count by the names of main trials"):
        assign(study, 0, {next(iter(study.cells)): 1})
    with pytest.raises(TombolaError, match="numbered from 0"):
        assign(study, -1)


def test_fixed_sides_are_the_same_for_all_raters_and_both_kinds_occur(tmp_path: Path) -> None:
    study = synthetic_study(tmp_path / "s", classes=5, sides="fixed-per-image", raters=4, salt=b"f" * 32)
    lefts: dict[str, set[str]] = {}
    for block in study.blocks:
        for name in block:
            lefts.setdefault(study.truth[name].cell, set()).add(study.truth[name].left)
    assert all(len(left) == 1 for left in lefts.values())
    first = [next(iter(left)) == cell.split("/")[1].split(" v ")[0] for cell, left in lefts.items()]
    assert any(first)
    assert not all(first)


def test_verification_finds_what_is_wrong(study: Study) -> None:
    names = [check.what for check in verify_blocks(study, study.blocks[1:]) if not check.holds]
    assert "raters per cell" in names
    cell = next(iter(study.cells.values()))
    doubled = [[*block, *cell[0], *cell[1]] for block in study.blocks]
    wrong = {check.what for check in verify_blocks(study, doubled) if not check.holds}
    assert "conditions in which a participant meets an image" in wrong
