"""What X charges, in US dollars, and what a month of a source comes to. Pure.

Pay per use, docs.x.com (read 2026-08): the same post is charged once in a UTC day. Mentions are $0.001 only where the account is the one
that owns the developer app and asks with its own token; nobody can tell that from here, so we count them as dear as any post.
Whether authors that come with their posts are charged as well ($0.010 each) is not known; they are not in these figures.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel

from connectors import base
from connectors.x.options import Options

POST, COUNTS, USER = 0.005, 0.005, 0.010
PAGE = 100


def estimate(options: BaseModel, every: timedelta, posts_a_day: float) -> base.Estimate:
    """A month of 30 days, once there are posts of `recheck_for` to look up again each day."""
    assert isinstance(options, Options)
    if options.read == "counts":
        looks = base.MONTH / max(every, timedelta(minutes=1))
        return base.Estimate(requests=looks, money=looks * COUNTS, note=f"${COUNTS} for each time it counts")
    new = posts_a_day * (base.MONTH / timedelta(days=1))
    again = new * (options.recheck_for / timedelta(days=1))
    return base.Estimate(
        requests=base.MONTH / every + (new + again) / PAGE,
        posts=new + again,
        money=(new + again) * POST,
        note=f"${new * POST:,.0f} to read, ${again * POST:,.0f} to look up again each day (recheck_for); a look that finds nothing is free",
    )
