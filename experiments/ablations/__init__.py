"""What is left out of or put into the LSTM."""
