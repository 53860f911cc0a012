# Ways to have several processes, by Python: fork, spawn, a server that forks,
# pools, managers, shared memory, subprocesses of an event loop.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: python3
# shellcheck shell=sh

cat > work.py << 'EOD'
import asyncio
import concurrent.futures
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from multiprocessing import shared_memory


def names(number):
    """Use files of one's own."""
    path = f"dir/../w{number}"
    with open(path, "w") as file:
        file.write(str(number))
    os.rename(path, path + ".done")
    size = os.stat(path + ".done").st_size
    os.unlink(path + ".done")
    return number * number + (0 if size == len(str(number)) else 1000000)


def fill(name, start):
    memory = shared_memory.SharedMemory(name=name)
    for i in range(start, 100, 4):
        memory.buf[i] = i
    memory.close()


def put(queue, lock, value, number):
    with lock:
        value.value += number
    queue.put(number)


def die(how):
    if how == 0:
        os._exit(7)
    os.kill(os.getpid(), how)


def wait_forever(event):
    event.set()
    threading.Event().wait()


async def talk():
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", "read x; echo got $x; exit 4",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = await process.communicate(b"word\n")
    print("event loop", out, process.returncode)
    many = await asyncio.gather(*[
        asyncio.create_subprocess_exec("/bin/sh", "-c", f"exit {i}")
        for i in range(10)])
    print("ten at once", [await one.wait() for one in many])


def main():
    os.mkdir("dir")
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(4) as pool:
            print(method, "pool", sum(pool.map(names, range(40))))
        queue, lock, value = context.Queue(), context.Lock(), context.Value("i")
        workers = [context.Process(target=put, args=(queue, lock, value, i))
                   for i in range(6)]
        for worker in workers:
            worker.start()
        got = sorted(queue.get() for _ in workers)
        for worker in workers:
            worker.join()
        print(method, "queue", got, value.value,
              [worker.exitcode for worker in workers])
        memory = shared_memory.SharedMemory(create=True, size=100)
        workers = [context.Process(target=fill, args=(memory.name, i))
                   for i in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        print(method, "shared", list(memory.buf[:100]) == list(range(100)))
        memory.close()
        memory.unlink()
        for how in (0, signal.SIGKILL, signal.SIGSEGV):
            worker = context.Process(target=die, args=(how,))
            worker.start()
            worker.join()
            print(method, "ended", worker.exitcode)
        event = context.Event()
        worker = context.Process(target=wait_forever, args=(event,))
        worker.start()
        event.wait()
        worker.terminate()
        worker.join()
        print(method, "terminated", worker.exitcode)
        with context.Manager() as manager:
            table = manager.dict()
            worker = context.Process(target=table.update, args=({"a": 1},))
            worker.start()
            worker.join()
            print(method, "manager", dict(table))
    with concurrent.futures.ThreadPoolExecutor(20) as executor:
        print("threads", sum(executor.map(names, range(200))))
    asyncio.run(talk())
    print("vfork", subprocess.run(["/bin/sh", "-c", "exit 9"]).returncode,
          subprocess.run(["/bin/true"], cwd="dir",
                         start_new_session=True).returncode)
    try:
        subprocess.run(["/bin/true"], cwd="none")
    except FileNotFoundError as error:
        print("no directory", error.filename)
    try:
        subprocess.run(["no-such-program"])
    except FileNotFoundError as error:
        print("no program", error.filename)
    try:
        subprocess.run(["/bin/sleep", "1000"], timeout=0.2)
    except subprocess.TimeoutExpired as error:
        print("timeout", error.cmd)


if __name__ == "__main__":
    main()
EOD
python3 work.py 2>&1
status=$?
echo "status $status"
