// What `memgc-trace advise` predicts of the benchmarks beside what they then did: each is traced at MEMGC=100, and run with
// other settings.
//
//   node advise_programs_test.js MEMGC_TRACE MEMGC_BENCH_MEMGC FOLDER
//
// Prints the table of tools/trace/README.md. Traces stay in FOLDER; what is there already is not run again. Judged are the
// steady programs from half to twice the traced MEMGC and under a limit: cycles, work and peak, which do not hang on how
// busy the machine is. CPU time is printed.
'use strict';
const { spawnSync } = require('child_process');
const fs = require('fs');

const [trace, bench, folder] = process.argv.slice(2);
const kHolds = 0.15;
const kTraced = 'MEMGC=100';
const kSettings = ['MEMGC=50', 'MEMGC=100', 'MEMGC=200', 'MEMGC=400'];
const kPrograms = [
  { name: 'splay', steady: true, limit: '90MiB', filter: 'splay', sizes: ['--splay-live=20000', '--splay-steps=1000000'] },
  { name: 'lru', steady: true, limit: '80MiB', filter: 'lru_cache/.*inserts:[0-9]*/iterations',
    sizes: ['--lru-live=200000', '--lru-inserts=12000000'] },
  { name: 'json', steady: true, limit: '75MiB', filter: 'json', sizes: ['--json-live=1500', '--json-documents=80000'] },
  { name: 'gcbench', limit: '150MiB', filter: 'gcbench', sizes: ['--gcbench-depth=18'] },
  { name: 'trees', limit: '150MiB', filter: 'binary_trees/depth:20/iter', sizes: ['--trees-depth=20'] },
];

// Runs a program under a setting, unless its trace is there; returns the trace's path.
function traced(program, setting) {
  const path = `${folder}/${program.name}.${setting}.log`;
  if (fs.existsSync(path)) return path;
  const env = { ...process.env, MEMDEBUG: 'gctrace=1' };
  for (const part of setting.split(',')) env[part.split('=')[0]] = part.split('=')[1];
  const ran = spawnSync(bench, [`--benchmark_filter=${program.filter}`, ...program.sizes],
                        { env, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (ran.status !== 0) throw new Error(`${program.name} with ${setting}: status ${ran.status}\n${ran.stderr.slice(-500)}`);
  fs.writeFileSync(path, ran.stderr);
  return path;
}

function advise(path, ...options) {
  const ran = spawnSync(trace, ['advise', '--json', ...options, path], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`advise ${path}: ${ran.stderr}`);
  return JSON.parse(ran.stdout);
}

const kFigures = [['cycles', 1, 0], ['marked_bytes', 2 ** 20, 0], ['gc_cpu_seconds', 1, 2], ['heap_peak_bytes', 2 ** 20, 0]];
let failures = 0;
fs.mkdirSync(folder, { recursive: true });
console.log('| program | setting | cycles | marked, MiB | GC CPU, s | peak, MiB |\n|---|---|---|---|---|---|');
for (const program of kPrograms) {
  const limited = `MEMGC=400,MEMLIMIT=${program.limit}`;
  for (const setting of [...kSettings, limited]) {
    const said = advise(traced(program, kTraced), '--at', setting).advice.at(-1).predicted;
    const did = advise(traced(program, setting)).traced;
    const cells = kFigures.map(([key, unit, digits]) => {
      const off = said[key] / did[key] - 1;
      const judged = program.steady && setting !== 'MEMGC=400' && key !== 'gc_cpu_seconds';
      if (judged && Math.abs(off) > kHolds) {
        failures++;
        console.error(`${program.name} with ${setting}: ${key} predicted ${said[key]}, was ${did[key]}`);
      }
      const percent = `${off < 0 ? '' : '+'}${(100 * off).toFixed(0)} %`;
      return `${(said[key] / unit).toFixed(digits)} / ${(did[key] / unit).toFixed(digits)} (${percent})`;
    });
    console.log(`| ${program.name} | ${setting.replace(',', ' ')} | ${cells.join(' | ')} |`);
  }
}
process.exit(failures > 0 ? 1 : 0);
