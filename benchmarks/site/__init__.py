"""What a page of the built book weighs, and how Lighthouse and axe judge it."""
