"""What every experiment needs: its registration, its results, its run, its claims."""
