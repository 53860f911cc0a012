#!/usr/bin/env python3
# Run a program on a small terminal and print what its screen shows.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
"""usage: screen.py COLUMNS[,COLUMNS]... ROWS COMMAND...

The window begins with the first number of columns and gets the others, one
after the other, every 0.7 seconds.  What the command was writing at that very
moment may still have the old width; what it draws after that may not.  Understands what lib/base/progress.c
writes: text, newline, carriage return, cursor up, clear to the end; lines that
no longer fit are broken as most terminals do.  At the end prints the screen,
then 'overflow N' with the number of lines with a '%' that were wider than the window
when they were written, and exits as the command did.
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

widths = [int(word) for word in sys.argv[1].split(',')]
rows = int(sys.argv[2])


class Screen:
    def __init__(self, columns):
        self.columns = columns
        self.lines = ['']      # logical lines, newest last
        self.row = 0           # logical line of the cursor
        self.column = 0
        self.overflow = 0
        self.before = columns  # the width before the last change
        self.settling = 0      # drawings that may still have that width

    def height(self, line):
        return max(1, -(-len(line) // self.columns))

    def up(self, count):
        while count > 0 and self.row > 0:
            self.row -= 1
            count -= self.height(self.lines[self.row])
        if count < 0 and not self.settling:
            self.overflow += 1000
        if self.settling:
            self.settling -= 1

    def write(self, text):
        for part in re.findall(r'\033\[\d*[A-Za-z]|[^\033]|\033', text):
            if part.startswith('\033['):
                if part[-1] == 'A':
                    self.up(int(part[2:-1] or 1))
                elif part[-1] == 'J':
                    del self.lines[self.row + 1:]
                    self.lines[self.row] = \
                        self.lines[self.row][:self.column]
            elif part == '\n':
                line = self.lines[self.row]
                limit = self.columns
                if self.settling:
                    limit = max(limit, self.before)
                if '%' in line and len(line) > limit:
                    self.overflow += 1
                self.row += 1
                self.column = 0
                if self.row == len(self.lines):
                    self.lines.append('')
            elif part == '\r':
                self.column = 0
            else:
                line = self.lines[self.row]
                self.lines[self.row] = (line[:self.column] + part
                                        + line[self.column + 1:])
                self.column += 1


def resize(columns):
    fcntl.ioctl(master, termios.TIOCSWINSZ,
                struct.pack('HHHH', rows, columns, 0, 0))
    screen.before = screen.columns
    screen.columns = columns
    screen.settling = 2


screen = Screen(widths[0])
pid, master = pty.fork()
if pid == 0:
    os.environ['TERM'] = 'xterm'
    time.sleep(0.2)
    os.execvp(sys.argv[3], sys.argv[3:])
resize(widths.pop(0))
due = time.monotonic() + 0.7
pending = b''
while True:
    ready, _, _ = select.select([master], [], [], 0.02)
    if ready:
        try:
            data = os.read(master, 65536)
        except OSError:
            data = b''
        if not data:
            break
        pending += data
        # Only whole lines, so that no escape is torn apart.
        text, newline, pending = pending.rpartition(b'\n')
        screen.write((text + newline).decode())
    # Only when all that was written at the old width has been read.
    if widths and not ready and time.monotonic() >= due:
        resize(widths.pop(0))
        due += 0.7
screen.write(pending.decode())
for line in screen.lines:
    print(line.rstrip())
print('overflow', screen.overflow)
status = os.waitpid(pid, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status))
