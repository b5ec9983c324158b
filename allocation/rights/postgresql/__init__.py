"""Django's PostgreSQL backend, which also tells the database in whose name it is spoken to."""
