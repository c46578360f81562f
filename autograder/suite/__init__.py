"""What hidden checks are written with, and what runs them."""
