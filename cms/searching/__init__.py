"""Search for buyers: `search` for the page and the API, `search_content` for lists, `suggest` for the support desk."""

from cms.searching.face import Found, Suggestion, search, search_content, suggest

__all__ = ["Found", "Suggestion", "search", "search_content", "suggest"]
