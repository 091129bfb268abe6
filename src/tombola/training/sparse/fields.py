"""The fields of an operation: a row of integers that says which kernel runs on which parts of the arena.

A network is compiled to a table of such rows, and one function runs the table step after step. New shapes need a new
table, not
new machine code. Addresses are positions in the arena (float32) or in the index (int32); -1 stands for "none". A view
of
a feature map is five numbers: where it begins, and the distances of groups (of 16 samples), channels, rows and columns.
"""

CODE = 0
WEIGHTS, BIAS, POINTER, OFFSETS = 1, 2, 3, 4
ROWS, BLOCKS, GROUPS, HEIGHT, WIDTH = 5, 6, 7, 8, 9
SOURCE, SOURCE_GROUP, SOURCE_Y, SOURCE_X = 10, 11, 12, 13
TARGET, TARGET_GROUP, TARGET_CHANNEL, TARGET_Y, TARGET_X = 14, 15, 16, 17, 18
ACTIVATION, SLOPE = 19, 20
VALUES, VALUES_GROUP, VALUES_CHANNEL, VALUES_Y, VALUES_X = 21, 22, 23, 24, 25
WIDEST, SOURCE_CHANNEL, COUNT, SIZE, MASK = 26, 27, 28, 29, 30
ADDEND, ADDEND_GROUP, ADDEND_CHANNEL, ADDEND_Y, ADDEND_X = 31, 32, 33, 34, 35
FIRST_STATE, SECOND_STATE = 3, 4
COLUMNS = 40
"""Length of a row."""

GATHER, SUMS, DOTS, PERMUTE, MAP, POOL, POOL_BACK, NORM, NORM_BACK, LOSS, OPTIMISE, TURN = range(12)
"""Codes of operations."""

REALS = 4
"""Real-valued constants of each operation, in a table of their own."""
