"""A page of the study as a browser without script sees it: its form, its pictures, where it leads."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

PICTURE = re.compile(r"/picture/([0-9a-f]{32})\.png")


@dataclass
class Page:
    """What a page holds.

    Attributes
    ----------
    action
        Where its form is sent to; empty without a form.
    hidden
        Hidden fields of the form.
    radio, checked
        Values to choose from by name of the field, in the order shown; what is chosen beforehand.
    legends
        Name of a field -> question above its answers.
    buttons
        (name, value) of buttons that send something.
    pictures, assets
        Addresses of pictures; of style, script and icon.
    onward
        Where the main link leads, on pages without a form.
    code
        The completion code.
    heading
        First heading.
    """

    action: str = ""
    hidden: dict[str, str] = field(default_factory=dict)
    radio: dict[str, list[str]] = field(default_factory=dict)
    checked: dict[str, str] = field(default_factory=dict)
    legends: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    assets: list[str] = field(default_factory=list)
    onward: str = ""
    code: str = ""
    heading: str = ""

    @property
    def picture_names(self) -> tuple[str, ...]:
        """Opaque names of the pictures, in order."""
        return tuple(found[1] for found in map(PICTURE.fullmatch, self.pictures) if found)


def read_page(text: str) -> Page:
    """Return what a page holds.

    Examples
    --------
    >>> read_page('<form action="/start"><input type="hidden" name="seal" value="1.a"></form>').hidden
    {'seal': '1.a'}
    """
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._inside: str = ""  # the element whose text is being read
        self._text = ""
        self._legend = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        page = self.page
        if tag == "form":
            page.action = values.get("action", "")
        elif tag == "input":
            self._input(values)
        elif tag == "button" and "name" in values:
            page.buttons.append((values["name"], values.get("value", "")))
        elif tag == "img":
            page.pictures.append(values.get("src", ""))
        elif tag == "script" and "src" in values:
            page.assets.append(values["src"])
        elif tag == "link" and "href" in values:
            page.assets.append(values["href"])
        elif tag == "a" and {"button", "main"} <= set(values.get("class", "").split()):
            page.onward = values.get("href", "")
        elif tag == "fieldset":
            self._legend = ""
        if tag in ("legend", "code", "h1"):
            self._inside, self._text = tag, ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag != self._inside:
            return
        text = " ".join(self._text.split())
        if tag == "legend":
            self._legend = text
        elif tag == "code":
            self.page.code = self.page.code or text
        else:
            self.page.heading = self.page.heading or text
        self._inside = ""

    def _input(self, values: dict[str, str]) -> None:
        name, value = values.get("name", ""), values.get("value", "")
        if values.get("type") == "hidden":
            self.page.hidden[name] = value
        elif values.get("type") == "radio":
            self.page.radio.setdefault(name, []).append(value)
            self.page.legends.setdefault(name, self._legend)
            if "checked" in values:
                self.page.checked[name] = value
