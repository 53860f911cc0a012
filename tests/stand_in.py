# What programs share that stand in for a server in tests.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors

import http.server
import os
import socketserver


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # clients may go at any moment


def serve(handler, port_file, port=0):
    """Answer requests on PORT of 127.0.0.1, 0 for a free one, with HANDLER for
    ever.  PORT_FILE, which gets its number, appears once it listens."""
    server = Server(('127.0.0.1', port), handler)
    with open(port_file + '.new', 'w') as file:
        file.write('%d\n' % server.server_address[1])
    os.rename(port_file + '.new', port_file)
    server.serve_forever()
