"""Every layer of the course on one sheet: four small tasks, memory, time, reach of the gradient."""
