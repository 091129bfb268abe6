"""The codebook: what every column of the exported answers means, so that the file can be read without Tombola."""

import csv
import io

from tombola.study.answers import COLUMNS
from tombola.study.design.folder import Study

MEANING = {
    "batch": "which collection the answer belongs to; a pilot is a batch of its own",
    "participant": "pseudonym: random, and the same person's in all rows",
    "task": "what was asked: pairwise, recognition, agreement, distinction, forward-simulation",
    "kind": "what for: main, gold (attention check), repeat (a cell asked again), practice, quiz",
    "trial": "opaque id of the question with its pictures in their places",
    "image": "number of the image in the study",
    "image_class": "true class of the image",
    "left": "pairwise: condition shown on the left",
    "right": "pairwise: condition shown on the right",
    "condition": "other tasks: condition shown",
    "answer": "what was chosen: pairwise the winning condition, else the value of the option; none is an answer",
    "side": "pairwise: side that was chosen: left, right, none",
    "correct": "whether the answer is right; empty where nothing is right or wrong",
    "confidence": "1 (not sure) to 4 (very sure); empty where it was not asked",
    "seconds": "from the question's appearance to the answer",
    "focus_losses": "how often the page lost the focus meanwhile",
    "at": "when the answer arrived, ISO 8601 with time zone",
    "options_order": "values of the options in the order shown, separated by |",
    "phase": "forward simulation: before or after the explanation was shown",
}


def codebook(study: Study) -> str:
    """Return the codebook as CSV: column, type, meaning, and the values it takes in this study."""
    spec = study.spec
    conditions = "; ".join(
        condition.name + (f" = compression rate {condition.compression_rate:g}" if condition.compression_rate else "")
        for condition in spec.conditions
    )
    values = {
        "task": spec.task,
        "image_class": "; ".join(spec.classes),
        "left": conditions,
        "right": conditions,
        "condition": conditions,
        "side": "left; right; none",
        "confidence": "1; 2; 3; 4",
    }
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("column", "type", "meaning", "values"))
    writer.writerows((name, kind, MEANING[name], values.get(name, "")) for name, kind in COLUMNS.items())
    return text.getvalue()
