"""From an alert to whoever must hear it: the outbox, the destinations, the public."""
