"""Reference implementations: every model of the course as one kind of layer."""
