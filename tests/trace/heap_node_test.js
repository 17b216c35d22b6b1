// Job: memgc-trace heap on snapshots that V8 writes, against what a plain walk over the same file finds.
//
// Usage: node heap_node_test.js MEMGC_TRACE FOLDER. Takes two snapshots of this program, with objects planted between
// them; they stay in FOLDER. Exit status 1 with what was wrong.
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const v8 = require('v8');
const [program, folder] = process.argv.slice(2);
fs.mkdirSync(folder, { recursive: true });

class PlantedLeaf { constructor(i) { this.text = `leaf ${i} ` + 'x'.repeat(i); } }
class PlantedHolder { constructor() { this.leaves = Array.from({ length: 500 }, (_, i) => new PlantedLeaf(i)); } }
const [before, after] = ['before', 'after'].map(name => path.join(folder, `${name}.heapsnapshot`));
new PlantedHolder();  // so that what comes with the class alone is there before
v8.writeHeapSnapshot(before);
globalThis.plantedHere = new PlantedHolder();
v8.writeHeapSnapshot(after);

const failures = [];
const expect = (what, got, wanted) => { if (got !== wanted) failures.push(`${what}: ${got}, not ${wanted}`); };
const run = (...args) => JSON.parse(execFileSync(program, ['heap', ...args, '--json'], { maxBuffer: 1 << 28 }));

// The file as a graph, and what the root reaches when one node is not there.
const { snapshot, nodes, edges, strings } = JSON.parse(fs.readFileSync(after));
const { node_fields, node_types, edge_fields, edge_types } = snapshot.meta;
const width = node_fields.length, edgeWidth = edge_fields.length, count = nodes.length / width;
const of = (node, field) => nodes[node * width + node_fields.indexOf(field)];
const typeOf = node => node_types[0][of(node, 'type')];
const first = [0];
for (let i = 0; i < count; ++i) first.push(first[i] + of(i, 'edge_count'));
const reachedBytes = without => {
  const seen = new Set([0]), todo = [0];
  let sum = 0;
  while (todo.length > 0) {
    const node = todo.pop();
    sum += of(node, 'self_size');
    for (let at = first[node] * edgeWidth; at < first[node + 1] * edgeWidth; at += edgeWidth) {
      const type = edge_types[0][edges[at]], to = edges[at + 2] / width;
      if (type === 'weak' || (type === 'shortcut' && node !== 0) || to === without || seen.has(to)) continue;
      seen.add(to);
      todo.push(to);
    }
  }
  return sum;
};

let objects = 0, bytes = 0, holder = -1;
for (let i = 0; i < count; ++i) {
  if (typeOf(i) === 'synthetic') continue;
  ++objects;
  bytes += of(i, 'self_size');
  if (typeOf(i) === 'object' && strings[of(i, 'name')] === 'PlantedHolder' && of(i, 'edge_count') > 1) holder = i;
}
const census = run(after);
expect('objects', census.objects, objects);
expect('bytes', census.shallow_bytes, bytes);
const row = name => census.types.find(each => each.type === name);
expect('leaves', row('PlantedLeaf')?.objects, 500);
for (const kind of ['(closure)', '(string)', '(compiled code)', '(array)']) expect(kind, row(kind)?.objects > 0, true);
expect('roots', census.roots.some(root => root.kind === '(Global handles)' || root.kind === '(Strong roots)' ||
                                          root.kind === '(Builtins)' || root.kind === '(Handle scope)'), true);

const way = run(after, '--path', 'PlantedHolder');
expect('the holder', way.object, 'PlantedHolder');
const last = way.path[way.path.length - 1];
expect('its field', last.edge, '.plantedHere');
expect('its id', way.id, of(holder, 'id'));
expect('what it retains', last.retained_bytes, reachedBytes(-1) - reachedBytes(holder));
expect('by its id', run(after, '--path', String(way.id)).path.length, way.path.length);

const grown = run('diff', before, after).types.find(each => each.type === 'PlantedLeaf');
expect('leaves that came', grown?.objects_after - grown?.objects_before, 500);
expect('new leaves', grown?.new_objects, 500);

if (failures.length > 0) {
  console.error(failures.join('\n'));
  process.exit(1);
}
