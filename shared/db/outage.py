"""What the driver raises when the database is gone, or goes in the middle of something."""

import asyncpg

DATABASE_DOWN: tuple[type[Exception], ...] = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby answers while the primary is being replaced
    # A statement on a connection that was told, while it was idle, that its server ends.
    asyncpg.InternalClientError,
)
