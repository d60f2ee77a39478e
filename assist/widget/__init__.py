"""The chat widget as websites load it: the script, the page in the frame, its words, and when people are there."""
