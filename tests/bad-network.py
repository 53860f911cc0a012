#!/usr/bin/env python3
# A stretch of bad network in front of a registry, for tests: an HTTP proxy in
# reverse that cuts, delays, refuses, redirects, and answers nonsense.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
"""usage: bad-network.py PORT-FILE LOG-FILE UPSTREAM-URL RULE...

Listens on a free port of 127.0.0.1, or on $NETWORK_PORT, writes its number to
PORT-FILE, and passes requests on to UPSTREAM-URL.  LOG-FILE gets a line 'METHOD
PATH RANGE AUTH STATUS BYTES' a request.  A RULE is 'KIND TIMES PATTERN [ARGUMENT]': it holds
for the first TIMES requests ('-': all) whose path matches PATTERN.

  cut      pass on ARGUMENT bytes of the body, then break the connection
  short    the same, but announce only these bytes (a clean, early end)
  status   answer ARGUMENT, which is STATUS or STATUS,RETRY-AFTER
  limit    answer 429 as Docker Hub does, with its headers
  stall    pass on ARGUMENT bytes of the body, then nothing for a minute
  more     pass on ARGUMENT bytes more than the body has, without telling
           its length
  excess   the same, but announce the length of the body
  html     answer 200 with a web page
  redirect answer 307 to ARGUMENT and the path
  norange  pass on the request without its Range
  slow     pass on ARGUMENT bytes a second
  flip     change one byte of the body
"""

import http.client
import http.server
import os
import re
import sys
import threading
import time
import urllib.parse

from stand_in import serve


class Rule:
    def __init__(self, text):
        words = text.split(None, 3)
        self.kind, times, pattern = words[:3]
        self.left = -1 if times == '-' else int(times)
        self.pattern = re.compile(pattern)
        self.argument = words[3] if len(words) > 3 else ''


lock = threading.Lock()
upstream = urllib.parse.urlsplit(sys.argv[3])
rules = [Rule(text) for text in sys.argv[4:]]
log = open(sys.argv[2], 'a', buffering=1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def find_rule(self):
        with lock:
            for rule in rules:
                if rule.left != 0 and rule.pattern.search(self.path):
                    rule.left -= rule.left > 0
                    return rule
        return None

    def note(self, status, count):
        with lock:
            log.write('%s %s %s %s %s %s\n' % (
                self.command, self.path, self.headers.get('Range', '-'),
                self.headers.get('Authorization', '-').split()[0], status,
                count))

    def answer(self, status, headers, body=b''):
        self.note(status, len(body))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        rule = self.find_rule()
        kind = rule.kind if rule else ''
        if kind == 'status':
            status, _, after = rule.argument.partition(',')
            self.answer(int(status),
                        [('Retry-After', after)] if after else [])
        elif kind == 'limit':
            self.answer(429, [
                ('ratelimit-limit', '100;w=21600'),
                ('ratelimit-remaining', '0;w=21600'),
                ('docker-ratelimit-source', '192.0.2.1\x1b[2J')],
                b'{"errors":[{"code":"TOOMANYREQUESTS","message":'
                b'"You have reached\\u001b[31m your \\u009b2J limit"}]}')
        elif kind == 'html':
            self.answer(200, [('Content-Type', 'text/html; charset=utf-8')],
                        b'<html><body>Please log in.</body></html>')
        elif kind == 'redirect':
            self.answer(307, [('Location', rule.argument + self.path)])
        else:
            self.pass_on(kind, rule)

    do_HEAD = do_GET

    def pass_on(self, kind, rule):
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ('host', 'connection')}
        if kind == 'norange':
            headers.pop('Range', None)
        connection = http.client.HTTPConnection(upstream.hostname,
                                                upstream.port)
        connection.request(self.command, self.path, headers=headers)
        reply = connection.getresponse()
        total = int(reply.getheader('Content-Length', 0))
        limit = total
        if kind in ('cut', 'short', 'stall'):
            limit = min(total, int(rule.argument))
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() == 'content-length':
                value = str(limit if kind == 'short' else total)
            if kind == 'more' and name.lower() == 'content-length':
                continue
            if name.lower() not in ('connection', 'transfer-encoding', 'date'):
                self.send_header(name, value)
        self.end_headers()
        done = 0
        try:
            while done < limit:
                size = min(65536, limit - done)
                if kind == 'slow':
                    size = min(size, max(1, int(rule.argument) // 20))
                    time.sleep(0.05)
                data = reply.read(size)
                if not data:
                    break
                if kind == 'flip' and done == 0:
                    data = bytes([data[0] ^ 1]) + data[1:]
                self.wfile.write(data)
                done += len(data)
            if kind in ('more', 'excess'):
                self.wfile.write(b'x' * int(rule.argument))
                self.close_connection = True
            if kind == 'stall':
                self.wfile.flush()
                self.note(reply.status, done)
                time.sleep(60)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        self.note(reply.status, done)
        connection.close()
        if done < total:
            self.wfile.flush()
            self.close_connection = True


serve(Handler, sys.argv[1], int(os.environ.get('NETWORK_PORT', 0)))
