"""What lets a simulated participant know the truth of a page: the study's key, looked up by what the page shows."""

from collections.abc import Mapping
from dataclasses import replace

from tombola.errors import TombolaError
from tombola.study.design.folder import Study
from tombola.study.design.truth import Truth
from tombola.study.simulated.page import Page
from tombola.study.trial import Trial


class Key:
    """The key of a study, by pictures and by questions.

    Parameters
    ----------
    study
        The study whose pages are walked.

    Raises
    ------
    TombolaError
        If two trials show the same pictures: then a page would not tell which of them it is.
    """

    def __init__(self, study: Study) -> None:
        self._by_pictures: dict[tuple[str, ...], tuple[Trial, Truth]] = {}
        self._by_question: dict[str, tuple[Trial, Truth]] = {}
        for name, trial in study.trials.items():
            both = (trial, study.truth[name])
            if trial.kind == "quiz":
                self._by_question[" ".join(trial.heading.split())] = both
                continue
            shown = tuple(picture.name for picture in trial.pictures)
            if shown in self._by_pictures:
                raise TombolaError("two trials show the same pictures in the same places; the study is not blinded")
            self._by_pictures[shown] = both

    def trial(self, page: Page) -> tuple[Trial, Truth]:
        """Return the trial of a page, with its options in the order shown, and its truth.

        Raises
        ------
        TombolaError
            If the page shows pictures of another study.
        """
        if page.picture_names not in self._by_pictures:
            raise TombolaError("the server shows pictures that the study folder does not have: it serves another study")
        trial, truth = self._by_pictures[page.picture_names]
        options = {option.value: option for option in trial.options}
        shown = page.radio.get("answer", [])
        if set(shown) != set(options):
            raise TombolaError(
                f"the page offers {', '.join(shown) or 'no answers'}, and the study {', '.join(options)}"
            )
        return replace(trial, options=tuple(options[value] for value in shown)), truth

    def questions(self, page: Page) -> Mapping[str, tuple[Trial, Truth]]:
        """Return field -> comprehension question and its truth.

        Raises
        ------
        TombolaError
            If the page asks something that the study does not.
        """
        fields = [name for name in page.radio if name.startswith("q")]
        for name in fields:
            if page.legends[name] not in self._by_question:
                raise TombolaError(f"the server asks '{page.legends[name]}', which the study folder does not")
        return {name: self._by_question[page.legends[name]] for name in fields}
