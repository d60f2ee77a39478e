"""Live calls: from a spoken sentence to a card on screen.

`switchboard` is the one door: the REST surface and every telephony adapter call it and nothing else. It keeps what was said
(`transcript`), has it thought about (`pipeline`), and tells everyone who watches (`updates`).
"""
