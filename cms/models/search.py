"""What search keeps beside the pages: their words, the words that are known, and what was looked for in vain."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cms.models.content import ContentPage
from kernel.persian import clean
from kernel.persian_search import LONGEST_WORD, tokens

RULES_KEY = "search.rules"


class SearchDocument(models.Model):
    """The words of a published page in the form search compares, and its plain text, to show where they stand.

    Made from the page and never edited: `cms.searching.index` writes it, `refresh_search` makes all anew.
    """

    page = models.OneToOneField(ContentPage, models.CASCADE, primary_key=True, related_name="search_document")
    title_words = models.TextField(blank=True)
    head_words = models.TextField(blank=True)
    body_words = models.TextField(blank=True)
    text = models.TextField(blank=True)

    class Meta:
        verbose_name = _("search document")
        verbose_name_plural = _("search documents")

    def __str__(self) -> str:
        return f"{self.page_id}"

    @property
    def all_words(self) -> set[str]:
        return {*self.title_words.split(), *self.head_words.split(), *self.body_words.split()}


class SearchWord(models.Model):
    """A word that occurs: in how many pages, in how many titles, and its consonants for those who write it in Latin."""

    word = models.CharField(max_length=LONGEST_WORD, primary_key=True)
    pages = models.PositiveIntegerField(default=0)
    titles = models.PositiveIntegerField(default=0)
    skeleton = models.CharField(max_length=LONGEST_WORD, blank=True, db_index=True)

    class Meta:
        verbose_name = _("known word")
        verbose_name_plural = _("known words")

    def __str__(self) -> str:
        return self.word


class WordList(models.Model):
    """A line of words that editors keep. Every change drops what is remembered of the rules."""

    words = models.CharField(_("words"), max_length=400, unique=True)

    class Meta:
        abstract = True
        ordering = ["words"]

    def __str__(self) -> str:
        return self.words

    def entries(self) -> list[str]:
        """The words or phrases of the line."""
        return [clean(entry) for entry in self.words.replace("،", ",").split(",") if tokens(entry)]

    def clean(self) -> None:
        """Raises ValidationError for a line with too few words."""
        self.words = "، ".join(self.entries())
        if len(self.entries()) < self.fewest:
            raise ValidationError({"words": self.too_few})

    fewest = 1
    too_few: Any = _("Please write at least one word.")

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        cache.delete(RULES_KEY)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        done = super().delete(*args, **kwargs)
        cache.delete(RULES_KEY)
        return done


class SearchSynonyms(WordList):
    """Words that mean the same: who looks for one finds the others."""

    fewest = 2
    too_few = _("Please write at least two words, with a comma between them.")

    class Meta(WordList.Meta):
        verbose_name = _("words of equal meaning")
        verbose_name_plural = _("words of equal meaning")


class SearchStopWords(WordList):
    """Words that say nothing about what somebody looks for."""

    class Meta(WordList.Meta):
        verbose_name = _("words that search passes over")
        verbose_name_plural = _("words that search passes over")


class SearchMissQuerySet(models.QuerySet["SearchMiss"]):
    def waiting(self) -> SearchMissQuerySet:
        """What an editor should look at: nothing was found, or nobody opened what was; the most asked for first."""
        missed = Q(fruitless__gt=0) | Q(asked__gte=3, opened=0)
        return self.filter(missed, dismissed_at__isnull=True).order_by("-fruitless", "-asked", "-last_at")


class SearchMiss(models.Model):
    """What was looked for, without a word of who did: how often, how often in vain, and how often a hit was opened."""

    key = models.CharField(max_length=200, unique=True)
    text = models.CharField(_("searched for"), max_length=120)
    asked = models.PositiveIntegerField(_("searches"), default=0)
    fruitless = models.PositiveIntegerField(_("without result"), default=0)
    opened = models.PositiveIntegerField(_("results opened"), default=0)
    last_at = models.DateTimeField(_("last time"))
    dismissed_at = models.DateTimeField(_("set aside"), null=True, blank=True)

    objects = SearchMissQuerySet.as_manager()

    class Meta:
        verbose_name = _("search without result")
        verbose_name_plural = _("searches without result")
        indexes = [models.Index(F("last_at"), name="search_miss_by_age")]

    def __str__(self) -> str:
        return self.text
