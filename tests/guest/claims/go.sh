# Go: the compiler, itself a program of many goroutines, and what it makes:
# static, without a libc, with system calls of its own.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: go
# shellcheck shell=sh

HOME=$PWD GOCACHE=$PWD/cache GOFLAGS=-mod=mod GO111MODULE=off CGO_ENABLED=0
export HOME GOCACHE GOFLAGS GO111MODULE CGO_ENABLED
cat > main.go << 'EOD'
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func use(number int, wrong *int32) {
	for i := 0; i < 20; i++ {
		name := fmt.Sprintf("dir/../f%d-%d", number, i)
		if os.WriteFile(name, []byte(name), 0600) != nil {
			atomic.AddInt32(wrong, 1)
		}
		text, err := os.ReadFile(name)
		if err != nil || string(text) != name {
			atomic.AddInt32(wrong, 1)
		}
		if os.Rename(name, name+".x") != nil || os.Remove(name+".x") != nil {
			atomic.AddInt32(wrong, 1)
		}
		if _, err := os.Stat(name); !os.IsNotExist(err) {
			atomic.AddInt32(wrong, 1)
		}
	}
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println("started", os.Args[1:], os.Getenv("MARK"))
		os.Exit(5)
	}
	os.Mkdir("dir", 0700)
	var group sync.WaitGroup
	var wrong int32
	for i := 0; i < 500; i++ {
		group.Add(1)
		go func(i int) { defer group.Done(); use(i, &wrong) }(i)
	}
	group.Wait()
	fmt.Println("goroutines", wrong)

	signals := make(chan os.Signal, 10)
	signal.Notify(signals, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println("signal", <-signals)

	self, err := os.Executable()
	fmt.Println("executable", filepath.Base(self), err)
	here, err := os.Getwd()
	fmt.Println("directory", here, err)
	var codes []int
	var lock sync.Mutex
	for i := 0; i < 20; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			command := exec.Command(self, "child", fmt.Sprint(i))
			command.Env = append(os.Environ(), "MARK=set")
			command.Dir = "dir"
			out, _ := command.Output()
			lock.Lock()
			codes = append(codes, command.ProcessState.ExitCode()*1000+len(out))
			lock.Unlock()
		}(i)
	}
	group.Wait()
	sort.Ints(codes)
	fmt.Println("children", codes)
	_, err = exec.Command("/no/such/program").Output()
	fmt.Println("missing", err)
	command := exec.Command("sleep", "1000")
	command.Start()
	command.Process.Kill()
	fmt.Println("killed", command.Wait())

	listener, err := net.Listen("unix", "dir/socket")
	fmt.Println("listen", listener.Addr(), err)
	go func() {
		connection, _ := listener.Accept()
		connection.Write([]byte("hello\n"))
		connection.Close()
	}()
	connection, err := net.Dial("unix", here+"/dir/socket")
	buffer := make([]byte, 10)
	n, _ := connection.Read(buffer)
	fmt.Printf("dial %q %v\n", buffer[:n], err)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	fmt.Println("tcp", tcp.Addr().Network(), err)
	filepath.Walk("/etc/apt", func(path string, info os.FileInfo, err error) error {
		fmt.Println(path, info.Mode(), err)
		return nil
	})
	timer := time.NewTimer(20 * time.Millisecond)
	<-timer.C
	defer func() { fmt.Println("recovered", recover()); os.Exit(3) }()
	var nothing *int
	fmt.Println(*nothing)
}
EOD
go version
go build -o program main.go 2>&1
echo "built $?"
./program
echo "status $?"
GOMAXPROCS=1 ./program | cksum
go vet main.go 2>&1
echo "vet $?"
chmod -R u+w cache
