from .article import Article, Category, Chunk
from .status import Component, Deployment, Incident, IncidentUpdate

__all__ = ("Article", "Category", "Chunk", "Component", "Deployment", "Incident", "IncidentUpdate")
