"""What a text means. Pure: batches of texts in, verdicts out; no files, sockets, clock or logger."""
