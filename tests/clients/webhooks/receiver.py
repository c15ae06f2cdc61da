"""A receiver of webhooks that verifies each delivery with Standard Webhooks' own library.

SECRET names the file that holds its secret once the webhook is registered.
"""

import os
import pathlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        secret = pathlib.Path(os.environ["SECRET"]).read_text()
        try:
            event = Webhook(secret).verify(body, headers)
        except WebhookVerificationError as error:
            print(f"refused {headers.get('webhook-id')}: {error}", flush=True)
            self.answer(400)
            return
        signatures = len(headers["webhook-signature"].split(" "))
        print(f"verified {event['type']} {headers['webhook-id']} {signatures}", flush=True)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(f"receives at http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
