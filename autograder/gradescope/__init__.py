"""What runs inside Gradescope's container, with the judge and one assignment's hidden tests."""
