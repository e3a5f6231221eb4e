"""Django's side: one model and one view on SQLite, as its own tutorial would write them; DATABASE_FILE says where."""

from __future__ import annotations

import os
import threading

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import connection, models
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

__all__ = ["app"]

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE_FILE"]}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for measuring, never for serving",
)
django.setup()


class Counter(models.Model):  # noqa: DJ008  (nobody reads one)
    count = models.IntegerField(default=0)

    class Meta:
        app_label = "benchmarks"


def begin() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Counter)
    Counter.objects.create(pk=1)


first = threading.Thread(target=begin)  # the server imports this on its event loop, where Django does not go
first.start()
first.join()


def home(_: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<h1>{Counter.objects.get(pk=1).count}</h1>")


@csrf_exempt
def increment(_: HttpRequest) -> JsonResponse:
    Counter.objects.filter(pk=1).update(count=models.F("count") + 1)
    return JsonResponse({"count": Counter.objects.get(pk=1).count})


urlpatterns = [path("", home), path("counter/lobby/increment", increment)]
app = get_asgi_application()
