"""A Django application"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

from interop.support import views

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=['*'],
                   SECRET_KEY=os.urandom(32).hex())
urlpatterns = [
    path('run', lambda request: HttpResponse(views.run())),
    path('runner', lambda request: HttpResponse(views.runner())),
    path('default', lambda request: HttpResponse(views.default())),
]
app = get_wsgi_application()
