"""Open recipes: data and training that a notebook shows to students and a judge goes by."""
