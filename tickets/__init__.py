"""The tickets: one door in (`intake.receive`), one way out (`replying.reply`, `delivery`), and the console between.

What happens when an e-mail arrives: `channels/email.py` → `intake.py` → `assist/triage/pipeline.py`.
"""
