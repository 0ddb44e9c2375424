"""One kind of source per file; the file's name is the `kind` in rules.yaml. `base` says what a connector promises."""
