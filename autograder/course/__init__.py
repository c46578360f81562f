"""A course directory and what it keeps."""
