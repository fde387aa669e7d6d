"""What the admin screens of every app share: lists, read pages, forms and acts on top of wagtail-modeladmin.

A screen shows what queries give and calls verbs; nothing here saves a model.
"""
