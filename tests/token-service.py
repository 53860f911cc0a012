#!/usr/bin/env python3
# A token service for docker-registry's 'token' authentication, for tests.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
"""usage: token-service.py PORT-FILE LOG-FILE KEY CERTIFICATE USER:PASSWORD
                          [KEY=VALUE]...

Follows the distribution project's documentation of token authentication: GET
with service and scope, anonymous or with Basic authentication, and POST of the
OAuth2 form with a refresh token (the word 'refresh').  Anybody may pull what is
below public/; the user may pull everything.  LOG-FILE gets a line 'METHOD USER
SCOPE' a request.  key=NAME is the member that carries the token (token),
seconds=N for how long it is good (300).
"""

import base64
import http.server
import json
import subprocess
import sys
import time
import urllib.parse

from stand_in import serve

port_file, log_file, key, certificate, account = sys.argv[1:6]
settings = dict(word.split('=', 1) for word in sys.argv[6:])
member = settings.get('key', 'token')
seconds = int(settings.get('seconds', '300'))


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=')


def make_token(service, user, access):
    with open(certificate) as file:
        body = file.read().split('-----')[2]
    header = {'typ': 'JWT', 'alg': 'RS256', 'x5c': [body.replace('\n', '')]}
    now = int(time.time())
    claims = {'iss': 'tests', 'sub': user, 'aud': service, 'jti': str(now),
              'iat': now, 'nbf': now - 100, 'exp': now + seconds,
              'access': access}
    text = (encode(json.dumps(header).encode()) + b'.'
            + encode(json.dumps(claims).encode()))
    signature = subprocess.run(
        ['openssl', 'dgst', '-sha256', '-sign', key], input=text,
        stdout=subprocess.PIPE, check=True).stdout
    return (text + b'.' + encode(signature)).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def give(self, form, user):
        scopes = [word for text in form.get('scope', [])
                  for word in text.split()]
        with open(log_file, 'a') as file:
            file.write('%s %s %s\n' % (self.command, user or '-',
                                       ' '.join(scopes)))
        access = []
        for scope in scopes:
            kind, name, actions = scope.rsplit(':', 2)
            if user or name.startswith('public/'):
                access.append({'type': kind, 'name': name,
                               'actions': actions.split(',')})
        service = form.get('service', [''])[0]
        self.answer(200, {member: make_token(service, user, access),
                          'expires_in': seconds})

    def do_GET(self):
        form = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        given = self.headers.get('Authorization', '')
        if given and given != 'Basic ' + base64.b64encode(
                account.encode()).decode():
            self.answer(401, {'details': 'incorrect username or password'})
        else:
            self.give(form, account.split(':')[0] if given else '')

    def do_POST(self):
        size = int(self.headers.get('Content-Length', 0))
        form = urllib.parse.parse_qs(self.rfile.read(size).decode())
        if (form.get('grant_type') != ['refresh_token']
                or form.get('refresh_token') != ['refresh']):
            self.answer(401, {'error': 'invalid_grant'})
        else:
            self.give(form, account.split(':')[0])


serve(Handler, port_file)
