"""Whether what was written down of a network says where it lies."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tombola.interop.sparse_analysis.facts import Facts
from tombola.interop.sparse_analysis.integrity.finding import WARNING, Found, check, one
from tombola.interop.sparse_analysis.labels import METHODS

IDENTIFIERS = ("expid", "name", "result_dir")
SEED, EPOCHS = re.compile(r"seed[_-]?(\d+)"), re.compile(r"epochs?[_-]?(\d+)")
COMPRESSION = re.compile(r"compr(?:ession)?[_-]?(\d+(?:\.\d+)?(?:_\d+)?)")
MODEL = re.compile(r"(?:^|_)(fc|resnet\d+)(?=_|$)")
DATASET = re.compile(r"(?:^|_)(mnist|cifar10)(?=_|$)")


@check("record-path", 7)
def record_path(networks: Sequence[Facts]) -> Iterator[Found]:
    """Identifiers and file names say another replicate, exponent, length, network or method than the record."""
    for network in networks:
        for source, what, said, found in [*_identifiers(network), *_table(network)]:
            yield one(
                WARNING,
                network,
                f"{source} says {what} {said}, the record {found}",
                "the name was copied from another run; the arguments count",
                {"source": source, "what": what, "said": said, "recorded": found},
            )


def _identifiers(network: Facts) -> Iterator[tuple[str, str, Any, Any]]:
    arguments = network.arguments
    seen: set[tuple[str, str]] = set()
    for name in IDENTIFIERS:
        text = str(arguments.get(name) or "").replace("\\", "/").rsplit("/", 1)[-1]
        for what, said, found in _said(text, network):
            if (what, said) not in seen and found is not None and not _fits(what, said, found):
                seen.add((what, said))
                yield f"{name} '{text}'", what, said, found


def _said(text: str, network: Facts) -> Iterator[tuple[str, str, Any]]:
    arguments, label = network.arguments, network.label
    seed = arguments.get("seed", label.replicate)
    exponents = arguments.get("compression_list")
    exponent = exponents[0] if isinstance(exponents, list) and len(exponents) == 1 else None
    dense = arguments.get("level_list") == [0]
    for what, pattern, found in (
        ("seed", SEED, seed),
        ("epochs", EPOCHS, arguments.get("post_epochs")),
        ("exponent", COMPRESSION, None if dense else exponent),
        ("network", MODEL, None if arguments.get("model") == "rnd_fc" else arguments.get("model")),
        ("dataset", DATASET, arguments.get("dataset")),
    ):
        if match := pattern.search(text):
            yield what, match[1], found
    first = METHODS.get(text.split("_", 1)[0])
    pruner = arguments.get("pruner")
    if first is not None and isinstance(pruner, str) and not dense:
        yield "method", first, METHODS.get(pruner, pruner)


def _fits(what: str, said: str, found: Any) -> bool:
    if what != "exponent":
        return said.lower() == str(found).lower() or (
            said.isdigit() and str(found).isdigit() and int(said) == int(found)
        )
    whole, _, counter = said.partition("_")  # ``1_2``: exponent 1, second run of that name; or exponent 1.2
    readings = {float(whole)} | ({float(f"{whole}.{counter}")} if counter and "." not in whole else set())
    return isinstance(found, int | float) and any(abs(reading - found) < 1e-9 for reading in readings)


def _table(network: Facts) -> Iterator[tuple[str, str, Any, Any]]:
    table = network.table
    if table is None:
        return
    for what, said, key in (
        ("exponent", table.exponent, "compression_list"),
        ("levels", table.levels, "level_list"),
    ):
        found = network.arguments.get(key)
        if said is not None and isinstance(found, list) and found and said not in [float(f) for f in found]:
            yield table.path.name, what, f"{said:g}", ", ".join(map(str, found))
