"""The chat assistant: who is there, what they want, what is answered, and when a person takes over."""
