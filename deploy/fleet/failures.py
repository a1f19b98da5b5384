"""The one reason of a start that failed in several places at once."""

from deploy.fleet.part import PartFailed
from deploy.local.runner import PlatformFailed


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """PlatformFailed with the words of the part that failed first; the group itself where it holds a mistake of ours."""
    for error in group.exceptions:
        found = first_of(error) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, PlatformFailed | PartFailed):
            return PlatformFailed(str(found))
        return group
    return group
