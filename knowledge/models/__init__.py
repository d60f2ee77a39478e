from .article import Article, Category, Chunk
from .attachment import ArticleFile
from .case import SolvedCase
from .import_run import ImportRun
from .revision import ArticleRevision, Text, WorkingCopy
from .status import Component, Deployment, Incident, IncidentUpdate
from .vote import ArticleVote

__all__ = (
    "Article",
    "ArticleFile",
    "ArticleRevision",
    "ArticleVote",
    "Category",
    "Chunk",
    "Component",
    "Deployment",
    "ImportRun",
    "Incident",
    "IncidentUpdate",
    "SolvedCase",
    "Text",
    "WorkingCopy",
)
