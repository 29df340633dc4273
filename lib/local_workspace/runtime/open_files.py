"""The limit of a process' open files and connections: some systems start with 256, too few for a server."""

import resource

ENOUGH = 8192


def limit() -> int:
    """The limit to which this process may raise its own, at most ENOUGH."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)


def raise_limit() -> None:
    """Allow this process and its children as many as `limit`, unless they may have more already."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit(), hard))
