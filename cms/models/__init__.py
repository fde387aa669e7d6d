"""Pages and site settings."""

from cms.models.content import ContentPage, RelatedItem, audience_of
from cms.models.home import HomePage
from cms.models.knowledge import ArticleDownload, ArticlePage, ArticleVote, KnowledgeIndexPage, SectionPage
from cms.models.notice import NoticeIndexPage, NoticePage
from cms.models.settings import PortalSettings
from cms.models.taxonomy import Topic
from cms.models.tutorial import TutorialChapter, TutorialIndexPage, TutorialPage, WatchPosition

__all__ = [
    "ArticleDownload",
    "ArticlePage",
    "ArticleVote",
    "ContentPage",
    "HomePage",
    "KnowledgeIndexPage",
    "NoticeIndexPage",
    "NoticePage",
    "PortalSettings",
    "RelatedItem",
    "SectionPage",
    "Topic",
    "TutorialChapter",
    "TutorialIndexPage",
    "TutorialPage",
    "WatchPosition",
    "audience_of",
]
