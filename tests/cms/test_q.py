import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.cms.test_reading import *
def test_q(client, device):
    page = full_article(device)
    count(client, page.url); page.save()
    with CaptureQueriesContext(connection) as c: see(client,page.url)
    for q in c.captured_queries: print("Q", q["sql"][:230])
    with CaptureQueriesContext(connection) as c: see(client,"/knowledge/")
    for q in c.captured_queries: print("K", q["sql"][:230])
