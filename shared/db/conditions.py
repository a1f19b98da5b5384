"""WHERE clauses out of the filters a caller gave. What was not asked for does not reach the planner."""

from typing import Any


class Where:
    """Collects conditions and their bound values: `where.add("kind = {}", kind)`."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._conditions: list[str] = []

    def bind(self, value: Any) -> str:
        """The placeholder of one more value."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add(self, condition: str, *values: Any) -> None:
        """`condition` holds one `{}` for each value."""
        self._conditions.append(condition.format(*(self.bind(value) for value in values)))

    def given(self, condition: str, value: Any) -> None:
        """Adds the condition when the caller gave this filter."""
        if value is not None:
            self.add(condition, value)

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "true"
