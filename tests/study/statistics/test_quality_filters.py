"""The sensitivity table (reference: explainability 11.10; defect B16)."""

import pandas as pd
import pytest

from tombola.study.statistics import batch_filters, quality_filters, sensitivity

GOOD = [(w, i, "a", "b", "a") for w in range(4) for i in range(1, 9)]
BAD = [(9, i, "a", "b", "b") for i in range(1, 9)]


def by_filter(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index("filter")


def test_every_filter_beside_the_unfiltered_result(make_pairs) -> None:
    frame = pd.concat([make_pairs(GOOD, seconds=9.0), make_pairs(BAD, seconds=0.5)], ignore_index=True)
    table = by_filter(sensitivity(frame))
    assert table.index[0] == "unfiltered"
    assert table.estimate["unfiltered"] == pytest.approx(32 / 40)
    quick = table.loc["not under a third of the median"]
    assert (quick.estimate, quick.excluded_answers, quick.excluded_participants) == (1.0, 8, 1)
    assert table.note["gold at least 0.75"] == "not measured"
    assert table.answers["unfiltered"] == 40


def test_gold_and_repeats_exclude_people(make_pairs) -> None:
    main = pd.concat([make_pairs(GOOD), make_pairs(BAD)], ignore_index=True)
    gold = pd.concat(
        [
            make_pairs([(w, 99, "genuine", "shuffled", "genuine") for w in range(4)], kind="gold", correct=True),
            make_pairs([(9, 99, "genuine", "shuffled", "shuffled")], kind="gold", correct=False),
        ]
    )
    again = make_pairs([(0, 1, "b", "a", "a"), (1, 1, "b", "a", "b"), (1, 2, "b", "a", "b")], kind="repeat")
    table = by_filter(sensitivity(pd.concat([main, gold, again], ignore_index=True)))
    assert table.excluded_answers["gold at least 0.75"] == 8
    assert table.estimate["gold at least 0.75"] == 1
    assert table.excluded_participants["repeats alike at least 0.5"] == 1


def test_the_busiest_and_first_exposures(make_pairs) -> None:
    rows = [*GOOD, *[(9, i, "a", "b", "b") for i in range(1, 20)], (0, 1, "a", "c", "c")]
    chosen = quality_filters(busiest=1)
    table = sensitivity(make_pairs(rows), filters=chosen).set_index(["filter", "result"])
    busiest = table.loc[("without 1 busiest", "share a v b")]
    assert (busiest.excluded_answers, busiest.excluded_participants) == (19, 1)
    seen = table.loc[("first answer per image", "share a v c")]
    assert (seen.answers, seen.note) == (0, "no answers left")


def test_batches_are_shown_each_by_itself(make_pairs) -> None:
    """Defect B16: pilot and main batch are pooled in no other way than beside each."""
    frame = pd.concat([make_pairs(GOOD), make_pairs(BAD, batch="pilot")], ignore_index=True)
    assert len(batch_filters(frame)) == 2
    table = by_filter(sensitivity(frame))
    assert (table.answers["batch main"], table.answers["batch pilot"]) == (32, 8)
    assert batch_filters(make_pairs(GOOD)) == ()


def test_focus_and_recognition(make_answers) -> None:
    rows = [(w, i, c, "dog" if (w + i) % 3 else "none", bool((w + i) % 3))
            for w in range(5) for i in range(1, 7) for c in ("x", "y")]  # fmt: skip
    frame = make_answers("recognition", rows, focus_losses=0)
    frame.loc[0, "focus_losses"] = 2
    table = by_filter(sensitivity(frame))
    assert table.excluded_answers["focus never lost"] == 1
    assert table.excluded_answers["first answer per image"] == 30
    assert set(table.result) == {"recognition x - y"}
