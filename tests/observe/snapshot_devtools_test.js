// Job: Chromium's own parser opens a snapshot of ours, and sees in it what memgc-trace sees.
//
// Usage: node snapshot_devtools_test.js PROGRAM MEMGC_TRACE FOLDER. PROGRAM (tests/symptoms/service.cc) writes a heap into
// FOLDER; the parser is the one that DevTools' Memory panel runs in a worker. Exit status 1 with what was wrong.
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const chromium = require('../chromium/chromium.js');
const [program, trace, folder] = process.argv.slice(2);
fs.rmSync(folder, { recursive: true, force: true });
fs.mkdirSync(folder, { recursive: true });

const failures = [];
const check = (good, what) => { if (!good) failures.push(what); };

execFileSync(program, ['leak'], { cwd: folder, stdio: 'ignore' });
const file = path.join(folder, 'heap.heapsnapshot');
const ours = JSON.parse(execFileSync(trace, ['heap', '--json', file]));

// In the page of DevTools; by name: objects, bytes, what the one that retains most retains.
async function parse(text) {
  const entry = 'devtools://devtools/bundled/entrypoints/heap_snapshot_worker/heap_snapshot_worker.js';
  const { HeapSnapshot, HeapSnapshotLoader } = await import(entry);
  const loader = new HeapSnapshotLoader.HeapSnapshotLoader({ sendEvent() {} });
  loader.write(text);
  loader.close();
  const channel = new MessageChannel();
  new HeapSnapshot.SecondaryInitManager(channel.port2);
  const snapshot = await loader.buildSnapshot(channel.port1);
  const types = {};
  for (let nodes = snapshot.allNodes(false); nodes.hasNext(); nodes.next()) {
    const node = nodes.item(), type = types[node.name()] ??= { objects: 0, shallow: 0, retained: 0 };
    type.objects += 1;
    type.shallow += node.selfSize();
    type.retained = Math.max(type.retained, node.retainedSize());
  }
  return JSON.stringify({ total: snapshot.totalSize, types });
}

const browser = chromium.start(folder);
async function examine() {
  await browser.open('devtools://devtools/bundled/devtools_app.html');
  const theirs = JSON.parse(await browser.ask(`(${parse})(${JSON.stringify(fs.readFileSync(file, 'utf8'))})`));
  check(theirs.total === ours.shallow_bytes, `${theirs.total} bytes in all, ${ours.shallow_bytes} by memgc-trace`);
  check(ours.types.length >= 3, 'memgc-trace sees few types');
  for (const type of ours.types) {
    const same = theirs.types[type.type];
    check(same !== undefined, `there is no ${type.type}`);
    if (same === undefined) continue;
    check(same.objects === type.objects && same.shallow === type.shallow_bytes, `${type.type}: ${JSON.stringify([same, type])}`);
    if (type.objects === 1) check(same.retained === type.retained_bytes, `${type.type} retains: ${JSON.stringify([same, type])}`);
  }
}

browser.examine(examine, failures);
