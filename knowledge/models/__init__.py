from .article import Article, Category, Chunk
from .attachment import ArticleFile
from .case import SolvedCase
from .flag import PassageFlag
from .import_run import ImportRun
from .revision import ArticleRevision, Text, WorkingCopy
from .search_log import SearchLog
from .status import Alert, Component, Deployment, Incident, IncidentUpdate, StatusHook
from .vote import ArticleVote
from .wording import SynonymGroup, Word

__all__ = (
    "Alert",
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
    "PassageFlag",
    "SearchLog",
    "SolvedCase",
    "StatusHook",
    "SynonymGroup",
    "Text",
    "Word",
    "WorkingCopy",
)
