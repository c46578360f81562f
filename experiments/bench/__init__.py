"""Is every layer as fast as the course promises?"""
