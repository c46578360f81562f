"""The documents' table, run again."""
