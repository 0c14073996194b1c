"""Fine-tuning of the embedded model: generated pairs of a text and what it says, and the loop that learns them."""
