# Print who programs believe to be, and what they do not agree about.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# usage: agree.py DIRECTORY
#
# The numbers, name and home of getpwuid; then a line for each program that says
# something else.  Files are made in DIRECTORY.

import grp
import os
import pwd
import subprocess
import sys


def ask(*words):
    """Return what the program WORDS prints."""
    done = subprocess.run(words, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    return done.stdout.strip()


def home_of_ssh():
    """Return where ssh looks for keys: it asks the files, not $HOME."""
    said = subprocess.run(["ssh", "-v", "-oProxyCommand=true", "x"],
                          stderr=subprocess.PIPE, text=True).stderr
    end = "/.ssh/id_rsa"
    return next((word[:-len(end)] or "/" for word in said.split()
                 if word.endswith(end)), "nowhere")


uid, gid = os.getuid(), os.getgid()
entry = pwd.getpwuid(uid)
print(uid, gid, entry.pw_name, entry.pw_dir)

made = os.path.join(sys.argv[1], "made")
open(made, "w").close()
owner, group = ask("ls", "-l", made).split()[2:4]
status = open("/proc/self/status").read().split()
for wanted, found in (
        (entry.pw_name, {
            "id -un": ask("id", "-un"), "whoami": ask("whoami"),
            "ls -l": owner, "USER": os.environ["USER"],
            "LOGNAME": os.environ["LOGNAME"],
            "stat": pwd.getpwuid(os.stat(made).st_uid).pw_name,
            "getent": ask("getent", "passwd", str(uid)).split(":")[0]}),
        (entry.pw_dir, {
            "HOME": os.environ["HOME"],
            "bash": ask("bash", "-c", "unset HOME; echo ~"),
            "ssh": home_of_ssh()}),
        (grp.getgrgid(gid).gr_name, {
            "id -gn": ask("id", "-gn"), "ls -l": group,
            "getent": ask("getent", "group", str(gid)).split(":")[0]}),
        (str(uid), {
            "getpwnam": str(pwd.getpwnam(entry.pw_name).pw_uid),
            "geteuid": str(os.geteuid()), "id -u": ask("id", "-u"),
            "getresuid": str(os.getresuid()[2]),
            "status": status[status.index("Uid:") + 1]})):
    for who, what in found.items():
        if what != wanted:
            print("%s: %s, not %s" % (who, what, wanted))
unnamed = [number for number in ask("id", "-Gn").split() if number.isdigit()]
if unnamed:
    print("groups without a name: %s" % " ".join(unnamed))
