"""What hidden tests of several assignments share: laws, oracles, comparisons, names to refuse."""
