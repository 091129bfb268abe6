"""Sparse training on a CPU: the cost of a step falls with the density of the network.

A network's layers (`layers`, `wiring`) are compiled to a table of operations over one arena of floats (`compile`),
which one function runs for as many steps as asked for, without Python in between (`run`). Samples lie side by side in
memory, so that every surviving weight is a few vector operations (`sums`, `dots`), written in explicit vectors
(`vector`, `tiles`).
"""
