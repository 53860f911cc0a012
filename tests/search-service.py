#!/usr/bin/env python3
# A search service, for tests: what Docker Hub answers, what older indexes do.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
"""usage: search-service.py PORT-FILE LOG-FILE KIND COUNT

Listens on a free port of 127.0.0.1 and writes its number to PORT-FILE.
LOG-FILE gets the path of each request.  There are COUNT repositories, of which
every query finds all.  KIND is one of

  v2       GET /v2/search/repositories?query=Q&page_size=N&page=N, as
           https://docs.docker.com/reference/api/hub/ has it
  v1       GET /v1/search?q=Q&n=N&page=N, as version 1 of the registry's
           protocol has it; never more than 10 a page
  hostile  the same as v2 with members of wrong types and text that is to take
           over a terminal
  endless  v2 whose count is a lie and whose pages do not end
  tags     GET /v2/REPOSITORY/tags/list, three a page, with Link headers
  junk     200 and no JSON for everything
"""

import http.server
import json
import sys
import urllib.parse

from stand_in import serve

port_file, log_file, kind = sys.argv[1:4]
total = int(sys.argv[4])

HOSTILE = [
    {'repo_name': 'esc\033[2Jape\r\007', 'star_count': 7, 'is_official': True,
     'short_description': '\033]0;title\007two\tlines\nare one \u202e\u009b31m'},
    {'repo_name': ['no', 'text'], 'star_count': 1},
    'no object', None, 17, [],
    {'repo_name': ''},
    {'repo_name': 'types', 'star_count': 'many', 'is_official': 'yes',
     'short_description': {'a': 1}},
    {'name': 'big' + 'x' * 100000, 'description': 'y' * 100000,
     'star_count': 10 ** 18, 'is_official': False},
    {'repo_name': 'minus', 'star_count': -5, 'short_description': None},
    {'repo_name': 'nul\0byte'},
]


def repository(number):
    return {'number': number, 'official': number == 0,
            'name': 'word' if number == 0 else 'user/word-%d' % number,
            'text': 'Number %d of the words' % number,
            'stars': total - number}


def v2_result(number):
    item = repository(number)
    return {'repo_name': item['name'], 'short_description': item['text'],
            'star_count': item['stars'], 'pull_count': 1, 'repo_owner': '',
            'is_automated': False, 'is_official': item['official']}


def v1_result(number):
    item = repository(number)
    return {'name': item['name'], 'description': item['text'],
            'star_count': item['stars'], 'is_trusted': False,
            'is_automated': False, 'is_official': item['official']}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, value, headers=()):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        for name, text in headers:
            self.send_header(name, text)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with open(log_file, 'a') as file:
            file.write(self.path + '\n')
        url = urllib.parse.urlsplit(self.path)
        form = {name: values[0] for name, values
                in urllib.parse.parse_qs(url.query).items()}
        page = int(form.get('page', 1))
        if kind == 'junk':
            self.answer(200, b'{"results": 17')
        elif kind == 'tags' and url.path.endswith('/tags/list'):
            self.tags(form)
        elif kind == 'v1' and url.path == '/v1/search':
            size = min(10, int(form.get('n', 25)))
            numbers = range((page - 1) * size, min(total, page * size))
            self.answer(200, {
                'query': form['q'], 'num_results': total, 'page': page,
                'num_pages': -(-total // size), 'page_size': size,
                'results': [v1_result(number) for number in numbers]})
        elif (kind in ('v2', 'hostile', 'endless')
              and url.path == '/v2/search/repositories'):
            size = min(100, int(form.get('page_size', 25)))
            count = 10 ** 9 if kind == 'endless' else total
            numbers = range((page - 1) * size, min(count, page * size))
            self.answer(200, {
                'count': count, 'previous': '',
                'next': 'more' if page * size < count else '',
                'results': HOSTILE if kind == 'hostile'
                else [v2_result(number) for number in numbers]})
        else:
            self.answer(404, {'message': 'no such page'})

    def tags(self, form):
        tags = ['tag-%03d' % number for number in range(total)]
        start = tags.index(form['last']) + 1 if 'last' in form else 0
        part = tags[start:start + 3]
        headers = []
        if start + 3 < total:
            # Some are relative, some name a host that only they know.
            place = ['/v2/a/b/tags/list', 'list',
                     'http://inside.invalid/v2/a/b/tags/list'][start % 9 // 3]
            headers = [('Link', '<%s?last=%s&n=3>; rel="next"'
                        % (place, part[-1]))]
        self.answer(200, {'name': 'a/b', 'tags': part}, headers)


serve(Handler, port_file)
