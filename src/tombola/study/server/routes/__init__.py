"""The pages of a study, one group a file."""
