"""What colleagues are told: in the console, by mail, in their chat system.

telling.py (write it down, once for each person) · hearing.py (of which events who is told) · timing.py (when a mail is due; pure) ·
mailing.py and posting.py (what is due goes out) · reading.py (the bell and the list)
"""
