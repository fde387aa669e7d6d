"""Pages and site settings."""

from cms.models.content import ContentPage, audience_of
from cms.models.home import HomePage
from cms.models.knowledge import ArticlePage, KnowledgeIndexPage, SectionPage
from cms.models.notice import NoticeIndexPage, NoticePage
from cms.models.settings import PortalSettings
from cms.models.taxonomy import Topic
from cms.models.tutorial import TutorialIndexPage, TutorialPage

__all__ = [
    "ArticlePage",
    "ContentPage",
    "HomePage",
    "KnowledgeIndexPage",
    "NoticeIndexPage",
    "NoticePage",
    "PortalSettings",
    "SectionPage",
    "Topic",
    "TutorialIndexPage",
    "TutorialPage",
    "audience_of",
]
