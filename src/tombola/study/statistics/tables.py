"""What an analysis is: tables by name, and the sentences that must stand beside them."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from tombola.store.files import write_text


@dataclass
class Analysis:
    """Tables of one analysis, by name, and notes a reader must see with them.

    Attributes
    ----------
    tables
        Name -> table; names are file names of `write`.
    notes
        Sentences.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> list[Path]:
        """Write every table as CSV, and the notes as text, to a folder; return the files.

        What a file name cannot hold, such as a slash in the name of a condition, becomes an underscore.
        """
        made = []
        for name, table in self.tables.items():
            made.append(folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)}.csv")
            write_text(made[-1], table.to_csv(index=False, lineterminator="\n"))
        made.append(folder / "notes.txt")
        write_text(made[-1], "".join(f"{note}\n" for note in self.notes))
        return made
