"""What is allowed in rules and yet doubtful: the warnings of ``ruletag check``."""
