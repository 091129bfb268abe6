"""Sections of a study report: each a function from what was found and the book to blocks, or to nothing."""
