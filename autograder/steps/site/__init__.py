"""The class report's parts: who is in it, what they got wrong, and the pages that say so."""
