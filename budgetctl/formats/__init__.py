"""How the admin writes and reads values, by language."""
