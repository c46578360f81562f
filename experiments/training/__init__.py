"""Today's training: loops, models of text, translators, guessing."""
