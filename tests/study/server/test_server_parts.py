"""Parts without a server: limits, Markdown, seals, settings of the command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tombola.cli.study_serve import Options, settings_of
from tombola.errors import TombolaError
from tombola.study.server.limits import Limits
from tombola.study.server.markdown import to_html
from tombola.study.server.tokens import CODE_LETTERS, new_code, seal, shown_at


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_an_allowance_is_used_up_and_fills_again():
    clock = Clock()
    limits = Limits({"x": 60}, clock)
    assert [limits.spend("x", "a") for _ in range(60)] == [0.0] * 60
    assert limits.spend("x", "a") == pytest.approx(1.0)
    assert limits.spend("x", "b") == 0.0
    clock.now = 2.0
    assert [limits.spend("x", "a") > 0 for _ in range(3)] == [False, False, True]


def test_zero_is_no_limit_and_memory_is_bounded(monkeypatch):
    import tombola.study.server.limits as module

    monkeypatch.setattr(module, "MOST_BUCKETS", 100)
    limits = Limits({"none": 0, "x": 5}, Clock())
    assert not any(limits.spend("none", "a") for _ in range(1000))
    for number in range(5000):
        limits.spend("x", str(number))
    assert len(limits._buckets) <= 101


@given(st.text(max_size=200))
def test_no_text_makes_html_of_its_own(text):
    assert "<script" not in to_html(f"{text}<script>{text}")


def test_the_markdown_of_texts():
    assert to_html("# A\n\nB *c* **d**\nstill B\n\n- e\n  on\n- f\n\n1. g\n2. h") == (
        "<h1>A</h1>\n<p>B <em>c</em> <strong>d</strong> still B</p>\n"
        "<ul><li>e on</li><li>f</li></ul>\n<ol><li>g</li><li>h</li></ol>"
    )
    assert 'href="https://example.org/a?b=1&amp;c=2"' in to_html("[x](https://example.org/a?b=1&c=2)")
    assert "href" not in to_html("[x](javascript:alert(1))")
    assert "<em>" not in to_html("3 * 4 * 5 and a*b*c")


@given(st.text(max_size=120))
def test_a_seal_is_good_for_one_holder_and_one_form(text):
    good = seal("secret", "holder", "/trial/3", 1000.0)
    assert shown_at(good, "secret", "holder", "/trial/3") == 1000.0
    assert shown_at(text, "secret", "holder", "/trial/3") is None or text == good
    assert shown_at(good, "secret", "holder", "/trial/4") is None
    assert shown_at(good, "secret", "other", "/trial/3") is None
    assert shown_at(good, "other", "holder", "/trial/3") is None


def test_codes_are_easy_to_type_and_differ():
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert not set("".join(codes)) & set("IO01L")
    assert set("".join(codes)) <= set(CODE_LETTERS)


@pytest.mark.parametrize(
    ("field", "value"),
    [("port", 70000), ("quiz_tries", 0), ("client_rate", -1), ("address", "study.example.org"), ("backups_kept", 0)],
)
def test_settings_that_cannot_be_are_told_with_a_way_out(tmp_path, field, value):
    with pytest.raises(TombolaError, match=field.replace("_", "-")):
        settings_of(Options(tmp_path, **{field: value}), locked=True)


def test_answers_before_the_lock_are_a_pilot(tmp_path):
    assert settings_of(Options(tmp_path), locked=False).batch == "pilot"
    assert settings_of(Options(tmp_path), locked=True).batch == "main"
    assert settings_of(Options(tmp_path, batch="second"), locked=True).batch == "second"
