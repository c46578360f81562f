"""Where the gradient stops: what windows and the rule of 1997 hear, and what they learn."""
