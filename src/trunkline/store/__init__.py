"""The centre's memory in PostgreSQL: the only folder that knows SQL and asyncpg."""
