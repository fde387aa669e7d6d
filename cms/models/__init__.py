"""Pages and site settings."""

from cms.models.campaign import Campaign, Channel
from cms.models.content import ContentPage, RelatedItem, audience_of
from cms.models.delivery import CallTask, CampaignDelivery, DeliveryAttempt
from cms.models.dossier import Dossier
from cms.models.home import HomePage
from cms.models.knowledge import ArticleDownload, ArticlePage, ArticleVote, KnowledgeIndexPage, SectionPage
from cms.models.link import BrokenLink
from cms.models.notice import NoticeIndexPage, NoticePage
from cms.models.preference import MutedNotice
from cms.models.search import SearchDocument, SearchMiss, SearchStopWords, SearchSynonyms, SearchWord
from cms.models.settings import PortalSettings
from cms.models.taxonomy import Topic
from cms.models.tutorial import TutorialChapter, TutorialIndexPage, TutorialPage, WatchPosition

__all__ = [
    "ArticleDownload",
    "ArticlePage",
    "ArticleVote",
    "BrokenLink",
    "CallTask",
    "Campaign",
    "CampaignDelivery",
    "Channel",
    "ContentPage",
    "DeliveryAttempt",
    "Dossier",
    "HomePage",
    "KnowledgeIndexPage",
    "MutedNotice",
    "NoticeIndexPage",
    "NoticePage",
    "PortalSettings",
    "RelatedItem",
    "SearchDocument",
    "SearchMiss",
    "SearchStopWords",
    "SearchSynonyms",
    "SearchWord",
    "SectionPage",
    "Topic",
    "TutorialChapter",
    "TutorialIndexPage",
    "TutorialPage",
    "WatchPosition",
    "audience_of",
]
