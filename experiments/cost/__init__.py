"""What every layer costs."""
