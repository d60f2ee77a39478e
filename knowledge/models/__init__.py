from .article import Article, Category, Chunk
from .case import SolvedCase
from .status import Component, Deployment, Incident, IncidentUpdate

__all__ = ("Article", "Category", "Chunk", "Component", "Deployment", "Incident", "IncidentUpdate", "SolvedCase")
