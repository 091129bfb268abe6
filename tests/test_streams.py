from tombola.streams import stream_seed


def test_streams_are_pinned() -> None:
    # a changed stream silently changes every experiment ever made
    assert stream_seed(0, "init", 0) == 7615695542073086227
    assert stream_seed(7, "control", 2, 3, "reinit", 0) == 5895726390392499061


def test_streams_differ_by_purpose_and_place() -> None:
    seeds = {
        stream_seed(seed, purpose, *place)
        for seed in (0, 1)
        for purpose in ("init", "order")
        for place in [(0,), (1,), (0, 0), (0, 1), (1, 0), ("01",)]
    }
    assert len(seeds) == 24
    assert all(0 <= seed < 2**63 for seed in seeds)
