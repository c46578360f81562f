"""What a student runs. With what it imports, this room is the student's own package."""
