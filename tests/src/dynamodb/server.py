"""moto's DynamoDB on a port, made to hold to what its threads and its limits do not:

- One request at a time. DynamoDB's conditional writes are atomic; moto's are not between the threads of its server.
- Items are not limited in size. moto counts binary values by their base64, and so refuses what DynamoDB takes.
"""

import sys
import threading

from moto.dynamodb.models.dynamo_type import LimitedSizeDict
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import run_simple

LimitedSizeDict.__setitem__ = dict.__setitem__
app = create_backend_app("dynamodb")
turn = threading.Lock()


def one_at_a_time(environ, start_response):
    with turn:
        return app(environ, start_response)


run_simple("127.0.0.1", int(sys.argv[1]), one_at_a_time, threaded=True)
