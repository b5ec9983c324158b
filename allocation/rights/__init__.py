"""Who may read and write which table in the database itself, where that is PostgreSQL."""
