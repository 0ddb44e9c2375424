"""A recorded day of a bank that does not exist, for people who want to see carebot work before they connect anything.

`write_day` tells the day and makes `day.jsonl.gz`, which is in the shape `carebot replay` reads.
"""
