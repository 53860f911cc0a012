# Rust: its compiler, and what it makes.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: rustc
# shellcheck shell=sh

cat > main.rs << 'EOD'
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

fn work(number: usize) -> usize {
    let mut wrong = 0;
    for i in 0..20 {
        let name = format!("dir/../f{}-{}", number, i);
        let other = format!("dir/f{}-{}", number, i);
        if fs::write(&name, &name).is_err()
            || fs::rename(&name, &other).is_err()
            || fs::read_to_string(&other).ok() != Some(name.clone())
            || fs::remove_file(&other).is_err()
            || fs::metadata(&other).is_ok()
        {
            wrong += 1;
        }
    }
    wrong
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.len() > 1 {
        println!("started {:?}", &arguments[1..]);
        std::process::exit(6);
    }
    fs::create_dir("dir").unwrap();
    let threads: Vec<_> = (0..60).map(|i| thread::spawn(move || work(i))).collect();
    let wrong: usize = threads.into_iter().map(|t| t.join().unwrap()).sum();
    println!("threads {}", wrong);

    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let others: Vec<_> = (0..30)
        .map(|i| {
            let pair = Arc::clone(&pair);
            thread::spawn(move || {
                let (lock, turn) = &*pair;
                let mut next = lock.lock().unwrap();
                while *next != i {
                    next = turn.wait(next).unwrap();
                }
                *next += 1;
                turn.notify_all();
            })
        })
        .collect();
    for other in others {
        other.join().unwrap();
    }
    println!("in turn {}", *pair.0.lock().unwrap());

    let own = std::env::current_exe().unwrap();
    println!("here {:?} {:?}", own.file_name(), std::env::current_dir());
    let output = Command::new(&own).arg("a b").output().unwrap();
    println!("{:?} {}", output.status.code(), String::from_utf8_lossy(&output.stdout));
    println!("{:?}", Command::new("/no/such/program").status().map_err(|e| e.kind()));
    let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    cat.stdin.take().unwrap().write_all(b"through a pipe").unwrap();
    println!("{:?}", String::from_utf8(cat.wait_with_output().unwrap().stdout));
    let mut sleeper = Command::new("sleep").arg("1000").spawn().unwrap();
    sleeper.kill().unwrap();
    println!("killed by {:?}", sleeper.wait().unwrap().signal());

    let listener = UnixListener::bind("dir/socket").unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"hello").unwrap();
    });
    let mut text = String::new();
    UnixStream::connect("dir/../dir/socket").unwrap().read_to_string(&mut text).unwrap();
    server.join().unwrap();
    println!("socket {}", text);
    let mut names: Vec<_> = fs::read_dir("/etc/apt").unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    println!("{:?} {:?}", names, fs::canonicalize("dir/../dir/."));
    println!("{:?}", fs::remove_dir_all("dir"));
    let result = thread::spawn(|| panic!("on purpose")).join();
    println!("panicked {}", result.is_err());
    std::process::abort();
}
EOD
rustc --version
rustc -O main.rs 2>&1
echo "built $?"
./main 2> err
echo "status $?"
sed 's/thread .* panicked/panicked/' err
rustc -C target-feature=+crt-static -o static main.rs 2>&1 && ./static 2> /dev/null
echo "status $?"
