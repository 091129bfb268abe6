"""Published analyses run over the published files: their numbers beside ours, cell by cell."""
