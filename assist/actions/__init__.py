"""Suggested actions: what might be done with a ticket, each with its reason; done, undone or dismissed on an agent's word alone.

`proposing` says what is suggested, `kinds` what each kind does and how it is undone, `deciding` what agents say, `funnel` what came of it.
"""
