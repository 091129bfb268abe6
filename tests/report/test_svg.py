import re
from xml.etree import ElementTree

from matplotlib.axes import Axes

from tombola.report.svg import Picture, picture

SVG = "{http://www.w3.org/2000/svg}"


def made(name: str = "one") -> Picture:
    def draw(axes: Axes) -> None:
        axes.plot([1, 2, 3], [0.03125, 0.123456789, 0.2], marker="x", label="0.123456 <reinit> & more")
        axes.set_yticks([0.03125], ["0.03125"])
        axes.legend()

    return picture(name, draw, 'Alternative "text" <b>', "Caption")


def test_svg_is_well_formed_and_named() -> None:
    root = ElementTree.fromstring(made().svg)
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == 'Alternative "text" <b>'
    assert root.get("aria-labelledby") == root[0].get("id")


def test_text_is_kept_as_written() -> None:
    """Coordinates are cut to hundredths; labels that look like numbers are not."""
    texts = ["".join(element.itertext()) for element in ElementTree.fromstring(made().svg).iter(f"{SVG}text")]
    assert "0.03125" in texts
    assert "0.123456 <reinit> & more" in texts
    paths = " ".join(element.get("d", "") for element in ElementTree.fromstring(made().svg).iter(f"{SVG}path"))
    assert not re.search(r"\.\d{3}", paths)


def test_ids_do_not_clash_and_every_reference_holds() -> None:
    one, two = made("one").svg, made("two").svg
    ids = re.findall(r' id="([^"]+)"', one + two)
    assert len(ids) == len(set(ids))
    references = re.findall(r'(?:href="|url\()#([^")]+)', one + two)
    assert references
    assert set(references) <= set(ids)


def test_nothing_else_is_asked_for() -> None:
    """No style that leaks into the page, no metadata, no date, no fonts by name; equal input gives equal bytes."""
    svg = made().svg
    assert "<style" not in svg
    assert "metadata" not in svg
    assert "font-family" not in svg
    assert svg == made().svg
