"""Members of staff: Wagtail's screens without buyers, and without a way up."""

from __future__ import annotations

from django.contrib.auth.models import Group

from customer.models import Trace, User
from customer.roles import Role
from tests.factories.customer import make_buyer, make_staff

LIST = "/admin/users/"
NEW = {
    "username": "Nasrin",
    "first_name": "نسرين",
    "last_name": "راد",
    "email": "",
    "password1": "a-strong-passphrase-7",
    "password2": "a-strong-passphrase-7",
}


def test_buyers_and_superusers_are_not_among_the_staff(administrator, superuser):
    buyer, chief = make_buyer(), User.objects.get(is_superuser=True)
    page = administrator.get(LIST).content.decode()
    assert buyer.user.username not in page
    assert f"/admin/users/edit/{chief.pk}/" not in page
    assert f"/admin/users/edit/{chief.pk}/" in superuser.get(LIST).content.decode()
    for pk in (buyer.user_id, chief.pk):
        assert administrator.get(f"{LIST}edit/{pk}/").status_code == 404
    assert superuser.get(f"{LIST}edit/{buyer.user_id}/").status_code == 404
    assert superuser.post(f"{LIST}delete/{buyer.user_id}/").status_code == 404


def test_a_member_of_staff_is_made_with_a_role(administrator):
    role = Group.objects.get(name=Role.SUPPORT)
    response = administrator.post(f"{LIST}new/", NEW | {"groups": [role.pk], "is_superuser": "on"})
    assert response.status_code == 302, response.context["form"].errors
    made = User.objects.get(username="nasrin")
    assert (made.first_name, made.is_superuser, list(made.groups.all())) == ("نسرین", False, [role])
    assert Trace.objects.get(verb="user.saved").data["groups"] == Role.SUPPORT


def test_nobody_makes_himself_a_superuser(administrator):
    me = User.objects.get(groups__name=Role.ADMINISTRATOR)
    data = {"username": me.username, "first_name": "ن", "last_name": "ی", "is_superuser": "on", "is_active": "on"}
    administrator.post(f"{LIST}edit/{me.pk}/", data)
    me.refresh_from_db()
    assert not me.is_superuser


def test_a_taken_username_is_said_on_its_field(administrator):
    make_buyer("nasrin")
    response = administrator.post(f"{LIST}new/", NEW)
    assert list(response.context["form"].errors) == ["username"]


def test_who_has_acted_stays_on_the_books(superuser):
    person = make_staff(Role.SUPPORT)
    Trace.objects.create(actor=person, verb="signed_in", subject="user:1", at="2026-01-01T00:00Z")
    response = superuser.post(f"{LIST}delete/{person.pk}/", follow=True)
    assert response.status_code == 200
    assert User.objects.filter(pk=person.pk).exists()


def test_a_closed_account_does_not_get_in(administrator, client):
    person = make_staff(Role.SUPPORT)
    client.force_login(person)
    data = {"username": person.username, "first_name": "ن", "last_name": "ی"}
    administrator.post(f"{LIST}edit/{person.pk}/", data)
    assert "/login/" in client.get("/admin/").url
