"""Django's side: a list view with a template, and the admin, with what ``startproject`` switches on.

TASKS_FILE says where the tasks are; its own tables are made beside them.
"""

from __future__ import annotations

import os
import threading

import django
from django.conf import settings
from django.core.asgi import get_asgi_application

from .tasks import COLUMNS, DJANGO_PASSWORD, DJANGO_USER, PAGE_SIZE

__all__ = ["app"]

LIST = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tasks</title></head><body><h1>Tasks</h1>
<table><thead><tr><th>Title</th><th>Done</th><th>Due</th><th>Created</th><th>Rank</th><th>Owner</th></tr></thead><tbody>
{% for task in page_obj %}<tr id="task-{{ task.pk }}"><td><a href="/task/{{ task.pk }}">{{ task.title }}</a></td>
<td>{{ task.done|yesno:"Yes,No" }}</td><td>{{ task.due }}</td><td>{{ task.created }}</td><td>{{ task.rank }}</td>
<td>{{ task.owner }}</td></tr>{% endfor %}</tbody></table>
{% if page_obj.has_next %}<a href="?page={{ page_obj.next_page_number }}">Next</a>{% endif %}</body></html>"""

CONTRIB = ["admin", "auth", "contenttypes", "sessions", "messages"]
LOADERS = [
    ("django.template.loaders.locmem.Loader", {"list.html": LIST}),
    "django.template.loaders.app_directories.Loader",
]
PROCESSORS = ["template.context_processors.request", "contrib.auth.context_processors.auth"]
PROCESSORS += ["contrib.messages.context_processors.messages"]
OPTIONS = {
    "loaders": [("django.template.loaders.cached.Loader", LOADERS)],
    "context_processors": [f"django.{name}" for name in PROCESSORS],
}
MIDDLEWARE = ["middleware.security.SecurityMiddleware", "contrib.sessions.middleware.SessionMiddleware"]
MIDDLEWARE += ["middleware.common.CommonMiddleware", "middleware.csrf.CsrfViewMiddleware"]
MIDDLEWARE += ["contrib.auth.middleware.AuthenticationMiddleware", "contrib.messages.middleware.MessageMiddleware"]
MIDDLEWARE += ["middleware.clickjacking.XFrameOptionsMiddleware"]

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["TASKS_FILE"]}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[*(f"django.contrib.{name}" for name in CONTRIB), "benchmarks"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=[f"django.{name}" for name in MIDDLEWARE],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for measuring, never for serving",
    STATIC_URL="static/",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": OPTIONS}],
    USE_TZ=True,
)
django.setup()

from django.contrib import admin  # noqa: E402  (Django wants its settings first)
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import models  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.generic import ListView  # noqa: E402


class Task(models.Model):
    title = models.TextField()
    done = models.BooleanField()
    due = models.DateField()
    created = models.DateTimeField()
    rank = models.IntegerField()
    owner = models.TextField()

    class Meta:
        app_label = "benchmarks"
        db_table = "task"
        managed = False
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.title)


@admin.register(Task)
class TaskAdmin(admin.ModelAdmin):  # type: ignore[misc]  # Django is untyped
    list_display = COLUMNS
    list_per_page = PAGE_SIZE
    search_fields = ["title"]


class Tasks(ListView):  # type: ignore[misc]  # as above
    model = Task
    paginate_by = PAGE_SIZE
    template_name = "list.html"


def begin() -> None:
    call_command("migrate", verbosity=0)
    if not User.objects.filter(username=DJANGO_USER).exists():
        User.objects.create_superuser(DJANGO_USER, password=DJANGO_PASSWORD)


first = threading.Thread(target=begin)  # the server imports this on its event loop, where Django does not go
first.start()
first.join()


def home(_: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


urlpatterns = [path("", home), path("task", Tasks.as_view()), path("admin/", admin.site.urls)]
app = get_asgi_application()
