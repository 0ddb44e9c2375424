"""Who reads beside the fast tier: models in processes that may fail."""
