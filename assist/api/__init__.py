"""The assistant's endpoints."""
