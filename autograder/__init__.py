"""Release, judge and report assignments whose marks can be trusted."""
