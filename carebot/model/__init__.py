"""The things that flow through carebot, in the words of customer care. No imports of ours.

    Message/Probe → Verdict → Signal → Incident | Case → Alert → Delivery
    (said/measured)  (means)  (matters) (is going on)    (tell)   (told)

All are frozen values; a change is a new value (`msgspec.structs.replace`). They are msgspec structs rather than
dataclasses: the same reading, but built in C (0.3 µs instead of 4 µs for a message) and with a JSON form for free,
which is how they are stored. Every time is an aware UTC datetime; a time of a fact ends in `_at`.
"""

from carebot.model.going_on import *
from carebot.model.heard import *
from carebot.model.meant import *
from carebot.model.told import *
from carebot.model.words import *
