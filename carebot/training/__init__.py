"""How the shipped reader learns: examples in, int8 weights and a model card out. Never imported by the daemon."""
