"""Automation rules: when, and, then.

conditions.py (what holds; pure) · fields.py (of what) · actions.py (what is done) · firing.py (when something happened) ·
schedule.py (by the clock) · dry_run.py (what would have been) · circles.py (rules that start each other) · undoing.py · porting.py
"""
