"""What a text says, in the words of a small model: names, units and dates as they are said, resolved by code."""
