from tests.store.server import database, database_url, empty_url, postgres_store, server_url, template_url

__all__ = ["database", "database_url", "empty_url", "postgres_store", "server_url", "template_url"]
