"""Tables of hypothesis tests for reading: LaTeX, HTML and Markdown, one per hypothesis, significant cells shaded."""

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from tombola.analysis.signs.hypotheses import ALPHA
from tombola.analysis.wording import DASH

PUBLISHED_COLUMNS = {"p": "p-value", "measure": "similarity_measure"}


@dataclass(frozen=True)
class PTable:
    """p-values of one hypothesis: a row per layer and variable, a column per measure.

    Attributes
    ----------
    hypothesis, caption
        Its name, and what the numbers are.
    rows, columns
        Labels.
    p
        The values; NaN where there is no test.
    alpha
        Cells at or below are shaded.
    """

    hypothesis: str
    caption: str
    rows: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    p: np.ndarray
    alpha: float = ALPHA

    def cells(self) -> list[tuple[tuple[str, str], list[tuple[str, bool]]]]:
        """Return every row's label, and its cells as (text, shaded)."""
        return [
            (label, [(DASH if np.isnan(p) else f"{p:.3g}", bool(p <= self.alpha)) for p in values])
            for label, values in zip(self.rows, self.p, strict=True)
        ]


def p_tables(tests: pd.DataFrame, column: str = "p_holm", alpha: float = ALPHA) -> list[PTable]:
    """Return one table per hypothesis.

    Parameters
    ----------
    tests
        What `hypothesis_table` or `published_tests` returns; of the latter p-values are the only column.
    column
        ``p``, ``p_holm`` or ``p_bh``.
    alpha
        What is shaded.
    """
    published = "similarity_measure" in tests.columns
    value = "p-value" if published else column
    measure = "similarity_measure" if published else "measure"
    kind = {"p": "permutation of network labels", "p_holm": "permutation of network labels, Holm"}
    kind |= {"p_bh": "permutation of network labels, Benjamini-Hochberg", "p-value": "Welch, as published"}
    columns = tuple(dict.fromkeys(tests[measure]))
    found = []
    for hypothesis, part in tests.groupby("hypothesis", sort=False):
        wide = part.pivot_table(index=["layer", "variable"], columns=measure, values=value, sort=False, dropna=False)
        rows = tuple((str(layer), str(variable)) for layer, variable in wide.index)
        p = wide.reindex(columns=list(columns)).to_numpy(np.float64)
        caption = f"{hypothesis}: one-sided p ({kind.get(value, value)}); shaded at or below {alpha:g}"
        found.append(PTable(str(hypothesis), caption, rows, columns, p, alpha))
    return found


def to_latex(table: PTable) -> str:
    r"""Return a LaTeX table; it needs ``\usepackage[table]{xcolor}`` and ``booktabs``."""
    lines = [
        r"\begin{table}",
        rf"\caption{{{_tex(table.caption)}}}",
        rf"\begin{{tabular}}{{ll{'r' * len(table.columns)}}}",
    ]
    lines += [r"\toprule", " & ".join(["layer", "variable", *map(_tex, table.columns)]) + r" \\", r"\midrule"]
    for (layer, variable), cells in table.cells():
        texts = [rf"\cellcolor{{gray!25}}{text}" if shaded else text for text, shaded in cells]
        lines.append(" & ".join([_tex(layer), _tex(variable), *texts]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"]) + "\n"


def to_html(table: PTable) -> str:
    """Return an HTML table; shaded cells are of class ``significant``."""
    head = "".join(f"<th>{escape(name)}</th>" for name in ("layer", "variable", *table.columns))
    lines = ["<table>", f"<caption>{escape(table.caption)}</caption>", f"<thead><tr>{head}</tr></thead>", "<tbody>"]
    for label, cells in table.cells():
        texts = "".join(
            f'<td class="significant" style="background:#d9d9d9">{escape(text)}</td>' if shaded else f"<td>{text}</td>"
            for text, shaded in cells
        )
        lines.append("<tr>" + "".join(f"<th>{escape(part)}</th>" for part in label) + texts + "</tr>")
    return "\n".join([*lines, "</tbody>", "</table>"]) + "\n"


def to_markdown(table: PTable) -> str:
    """Return a Markdown table; what is shaded elsewhere is bold here."""
    lines = [table.caption, "", "| layer | variable | " + " | ".join(table.columns) + " |"]
    lines.append("|" + "---|" * 2 + "---:|" * len(table.columns))
    for (layer, variable), cells in table.cells():
        texts = [f"**{text}**" if shaded else text for text, shaded in cells]
        lines.append("| " + " | ".join([layer, variable, *texts]) + " |")
    return "\n".join(lines) + "\n"


def _tex(text: str) -> str:
    return text.replace("_", r"\_").replace("%", r"\%").replace("&", r"\&").replace(DASH, "--")
