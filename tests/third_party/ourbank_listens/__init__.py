"""A bank's own connectors, in a package of the bank's."""
