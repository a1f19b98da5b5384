"""W3C trace context, as far as events need it: what an event causes belongs to the event's trace."""

import os
import re

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def continued(traceparent: str | None) -> str | None:
    """A new span in the same trace; None where there is no valid trace to continue."""
    if traceparent is None or not _TRACEPARENT.fullmatch(traceparent):
        return None
    version, trace_id, _, flags = traceparent.split("-")
    return f"{version}-{trace_id}-{os.urandom(8).hex()}-{flags}"
