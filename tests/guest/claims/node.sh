# Node: threads of its pool, worker threads, children, watchers.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# needs: node
# shellcheck shell=sh

cat > main.js << 'EOD'
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const fs = require('fs');
const path = require('path');
const child = require('child_process');
const cluster = require('cluster');
const net = require('net');

function work(number) {
  let wrong = 0;
  for (let i = 0; i < 20; i++) {
    const name = `dir/../f${number}-${i}`;
    fs.writeFileSync(name, name);
    fs.renameSync(name, name + '.x');
    if (fs.readFileSync(name + '.x', 'utf8') !== name) wrong++;
    fs.unlinkSync(name + '.x');
    if (fs.existsSync(name)) wrong++;
  }
  return wrong;
}

async function main() {
  fs.mkdirSync('dir');
  const results = await Promise.all([...Array(12).keys()].map((number) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(__filename, { workerData: number });
      worker.on('message', resolve);
      worker.on('error', reject);
    })));
  console.log('workers', results.join(' '));
  await Promise.all([...Array(300).keys()].map(async (i) => {
    await fs.promises.writeFile(`dir/p${i}`, 'text');
    await fs.promises.rename(`dir/p${i}`, `dir/q${i}`);
    const stat = await fs.promises.stat(`dir/../dir/q${i}`);
    if (stat.size !== 4) console.log('size', stat.size);
    await fs.promises.unlink(`dir/q${i}`);
  }));
  console.log('promises', (await fs.promises.readdir('dir')).length);
  const shared = new Int32Array(new SharedArrayBuffer(4));
  await Promise.all([1, 2, 3].map(() => new Promise((resolve) => {
    const worker = new Worker(
      'const {workerData: s} = require("worker_threads");' +
      'for (let i = 0; i < 1000; i++) Atomics.add(s, 0, 1);',
      { eval: true, workerData: shared });
    worker.on('exit', resolve);
  })));
  console.log('shared', shared[0]);
  console.log(child.execFileSync(process.execPath, ['-e', 'console.log(process.cwd())'],
    { cwd: 'dir', encoding: 'utf8' }).trim());
  console.log('status', child.spawnSync('sh', ['-c', 'exit 9']).status,
    child.spawnSync('sh', ['-c', 'kill -9 $$']).signal,
    child.spawnSync('no-such-program').error.code);
  await new Promise((resolve) => {
    const forked = child.fork(__filename, ['child']);
    forked.on('message', (m) => console.log('message', m));
    forked.on('exit', (code) => { console.log('exit', code); resolve(); });
    forked.send('to the child');
  });
  await new Promise((resolve) => {
    const watcher = fs.watch('dir', (event, name) => {
      console.log('watch', event, name);
      watcher.close();
      resolve();
    });
    fs.writeFileSync('dir/watched', '');
  });
  await new Promise((resolve) => {
    const server = net.createServer((s) => { s.end('hello'); server.close(); });
    server.listen(path.resolve('dir/socket'), () => {
      net.connect('dir/socket').on('data', (d) => console.log('socket', String(d)))
        .on('close', resolve);
    });
  });
  console.log(path.basename(process.execPath), fs.realpathSync('dir/../dir/.'), process.title);
  process.exitCode = 4;
}

if (!isMainThread) parentPort.postMessage(work(workerData));
else if (process.argv[2] === 'child')
  process.on('message', (m) => { process.send(m + ' and back'); process.exit(3); });
else main();
EOD
node --version
node main.js 2>&1
echo "status $?"
node --cpu-prof -e 'require("fs").readdirSync("/etc/apt").forEach((n) => console.log(n))'
find . -name 'CPU*' | wc -l
