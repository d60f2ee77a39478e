"""The assistant at the agent's side: triage on arrival, drafts, suggestions. It proposes; people and plain rules decide."""
