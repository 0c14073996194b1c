"""What a text mentions, found by rules of thumb and not by a parser: quantities, times, days, zones, names, stances."""
