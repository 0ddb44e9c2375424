"""One kind of source a file or folder; its name is the `kind` in rules.yaml.

`base` says what a connector promises. What they share is no kind (`base.NOT_KINDS`): `sweep` reads lists that show their newest first,
`limits` how long a server asks us to stay away, `answers` whose turn it is, `entries` the entries of feeds, `markup` words out of HTML.
"""
