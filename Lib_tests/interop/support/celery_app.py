"""A Celery application whose broker and results are files"""

import os

import celery

from interop.support import views

folder = os.environ['HOME']
app = celery.Celery('interop', broker='filesystem://',
                    backend=f'file://{folder}')
app.conf.broker_transport_options = {
    'data_folder_in': folder, 'data_folder_out': folder,
    'control_folder': folder, 'polling_interval': 0.05}
run = app.task(views.run)
runner = app.task(views.runner)
default = app.task(views.default)
