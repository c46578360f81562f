"""What the results come to, side by side with the documents and the paper."""
