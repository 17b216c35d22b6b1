// The report's page: reads the JSON that memgc-trace put into it, draws with uPlot, sets all text as text.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const $ = id => document.getElementById(id);
  const make = (tag, text, parent) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  };
  const digits = x => x >= 100 ? x.toFixed(0) : `${Number(x.toPrecision(x >= 1 ? 3 : 2))}`;
  const ms = x => x == null ? '-' : x === 0 ? '0' : x < 0.0009995 ? `${digits(x * 1e6)} ns` : x < 0.9995 ? `${digits(x * 1000)} \u00b5s` : x < 999.5 ? `${digits(x)} ms` : `${digits(x / 1000)} s`;
  const mib = x => x == null ? '-' : x >= 1024 ? `${digits(x / 1024)} GiB` : `${Number(x.toFixed(1))} MiB`;
  const at = x => x == null ? '-' : `${x.toFixed(3)} s`;
  const percent = x => x == null ? '-' : `${digits(x)} %`;
  const plural = (n, word) => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;

  // --- Theme: the system's until somebody chooses ---
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen = null;
  const charts = [];
  const paint = () => {
    root.dataset.theme = chosen || (system.matches ? 'dark' : 'light');
    for (const chart of charts) chart.redraw(false);
  };
  const colour = name => () => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  system.addEventListener('change', paint);
  $('theme').addEventListener('click', () => { chosen = root.dataset.theme === 'dark' ? 'light' : 'dark'; paint(); });
  paint();

  // --- Words and figures ---
  const status = data.status, totals = data.totals;
  const quantile = q => data.stops.quantiles.find(pair => pair[0] === q)[1];
  $('source').textContent = data.files.join(', ');
  $('made').textContent = `Made by memgc-trace ${data.version} from ${plural(status.lines, 'line')}.`;
  $('sampling').textContent = data.joined
    ? `There are more cycles than points: a point stands for ${ms(data.bucket_seconds * 1000)}, by the least and the greatest in it.` : 'Every cycle is shown.';
  if (status.runs > 1) $('sampling').textContent += ` The input holds ${status.runs} runs, which follow each other here.`;
  const missing = [[status.lost, 'line missing', 'lines missing'], [status.truncated, 'line cut', 'lines cut'], [status.malformed, 'line malformed', 'lines malformed']]
    .filter(([n]) => n > 0).map(([n, one, many]) => `${n} ${n === 1 ? one : many}`);
  if (missing.length) {
    $('warning').hidden = false;
    $('warning').textContent = `Not all of the trace could be read: ${missing.join(', ')}, beside ${plural(status.cycles, 'whole one')}. ` +
      'Counts, percentiles and CPU shares are of the whole lines only; a worse cycle may be among the others.';
  }
  for (const [value, label] of [
    [status.cycles.toLocaleString('en'), `cycles (${totals.forced} forced, ${totals.minor} minor)`],
    [ms(quantile(0.99)), `stop, p99 of ${plural(data.stops.count, 'stop')}`], [ms(quantile(1)), 'longest stop'],
    [percent(totals.gc_percent), 'of the CPU, since the last run began'], [mib(totals.peak_mib), 'heap at most'], [mib(totals.live_mib), 'live at the end']]) {
    const tile = make('div', undefined, $('tiles'));
    make('b', value, tile);
    make('span', label, tile);
  }

  // --- Charts ---
  const axis = (values, more) => ({ stroke: colour('dim'), grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line') }, size: 66, values: (u, all) => all.map(v => v == null ? '' : values(v)), ...more });
  const steps = (from, to) => { const all = []; for (let d = from; d <= to; ++d) for (const n of [1, 2, 5]) all.push(Number(`${n}e${d}`)); return all; };
  // Time is told in the unit of the distance between two labels; after ten seconds a millisecond is a part of one.
  const unit = (step, last) => step >= 86400 ? [86400, 'd'] : step >= 3600 ? [3600, 'h'] : step >= 60 ? [60, 'min'] : step < 1 && last < 10 ? [0.001, 'ms'] : [1, 's'];
  const time_axis = () => axis(null, { size: 40, space: 55,
    incrs: [...steps(-6, 0), 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, ...steps(0, 12).map(d => d * 86400)],
    values: (u, all, i, space, step) => { const [size, name] = unit(step, u.scales.x.max); return all.map(v => v == null ? '' : `${Number((v / size).toFixed(6))} ${name}`); } });
  const decades = (u, i, lo, hi) => { const all = []; for (let d = -6; d < 6; ++d) if (10 ** d >= lo * 0.999 && 10 ** d <= hi * 1.001) all.push(10 ** d); return all; };
  const chart = (id, options, columns) => {
    const box = $(id);
    const made = new uPlot({ width: box.clientWidth, height: 280, ...options }, columns, box);
    new ResizeObserver(() => { if (box.clientWidth !== made.width) made.setSize({ width: box.clientWidth, height: 280 }); }).observe(box);
    charts.push(made);
    return made;
  };
  const line = (label, name, value, more) => ({ label, stroke: colour(name), width: 1.5, value: (u, v) => value(v), points: { show: data.series.length < 60 }, ...more });
  const column = i => data.series.map(row => row[i]);
  const seconds = column(0);
  const cursor = { sync: { key: 'time' }, drag: { x: true, y: false } };
  let zooming = false;
  let pointed = null;  // the time last pointed at
  const together = { setCursor: [u => { if (u.cursor.left >= 0) pointed = u.posToVal(u.cursor.left, 'x'); }], setScale: [(u, key) => {  // the charts over time zoom as one
    if (key !== 'x' || zooming) return;
    zooming = true;
    for (const other of over_time) if (other !== u) other.setScale('x', { min: u.scales.x.min, max: u.scales.x.max });
    zooming = false;
  }] };
  const over_time = [];
  const most = name => data.joined ? `${name}, most` : name;
  const time = { x: { time: false } };
  const when = { label: 'Time', value: (u, v) => at(v) };
  over_time.push(chart('heap', { scales: { ...time, y: { range: (u, lo, hi) => [0, (hi || 1) * 1.05] } }, cursor, hooks: together, axes: [time_axis(), axis(mib)],
    series: [when, line(most('Before'), 'start', mib), line(most('After marking'), 'end', mib), line(most('Live'), 'live', mib), line(most('Goal'), 'goal', mib, { dash: [6, 4] }),
      ...data.joined ? [line('Live, least', 'live', mib, { width: 1 }), line('Goal, least', 'goal', mib, { dash: [2, 4], width: 1 })] : []],
    bands: [{ series: [2, data.joined ? 5 : 3], fill: colour('band') }] }, [seconds, column(4), column(6), column(8), column(10), ...data.joined ? [column(7), column(9)] : []]));
  // From the beginning of one point to that of the next; how long the last one's stretch lasts, the trace does not say.
  const share = data.series.map((row, i) => {
    const span = i + 1 < data.series.length ? data.series[i + 1][0] - row[0] : 0;
    return span > 0 && row[14] > 0 ? Math.min(100, row[13] / 10 / span / row[14]) : null;
  });
  over_time.push(chart('cpu', { scales: { ...time, y: { range: (u, lo, hi) => [0, Math.min(100, Math.max(5, hi * 1.1))] } }, cursor, hooks: together, axes: [time_axis(), axis(v => `${v} %`)],
    series: [when, line('In this stretch', 'end', percent, { fill: colour('band') }), line('Since the run began', 'goal', percent)] }, [seconds, share, column(12)]));

  const used = data.stops.bins.map((bin, i) => bin[2] > 0 ? i : -1).filter(i => i >= 0);
  const bins = data.stops.bins.slice(used.length ? Math.max(0, used[0] - 1) : 0, used.length ? used[used.length - 1] + 2 : 2);
  $('stops-note').textContent = `${plural(data.stops.count, 'stop')}, two of each cycle. In a line of memgc each is the longest that any one thread was held up; in one of Go, for how long all threads stood still.` +
    (data.stops.shorter ? ` ${data.stops.shorter.toLocaleString('en')} are too short to be drawn (less than 10 ns, or written as 0).` : '');
  chart('stops', { scales: { x: { time: false, distr: 3 }, y: { range: (u, lo, hi) => [0, (hi || 1) * 1.05] } }, axes: [axis(ms, { size: 40, space: 60, splits: decades }), axis(v => v.toLocaleString('en'), { incrs: steps(0, 15) })],
    series: [{ label: 'Stops of', value: (u, v, s, i) => i == null ? '-' : `${ms(bins[i][0])} to ${ms(bins[i][1])}` },
      { label: 'Count', stroke: colour('end'), fill: colour('band'), paths: uPlot.paths.stepped({ align: 1 }), points: { show: false }, value: (u, v) => v == null ? '-' : v.toLocaleString('en') }] },
  [bins.map(bin => bin[0]), bins.map(bin => bin[2])]);
  const head = make('tr', undefined, make('thead', undefined, $('quantiles')));
  const row = make('tr', undefined, make('tbody', undefined, $('quantiles')));
  for (const [q, value] of data.stops.quantiles) { make('th', q === 1 ? 'max' : `p${Number((q * 100).toFixed(1))}`, head).scope = 'col'; make('td', ms(value), row); }

  const windows = data.utilisation;
  chart('mmu', { scales: { x: { time: false, distr: 3 }, y: { range: [0, 100] } }, axes: [axis(v => ms(v * 1000), { size: 40, space: 60, splits: decades }), axis(v => `${v} %`)],
    series: [{ label: 'Window', value: (u, v) => v == null ? '-' : ms(v * 1000) }, line('Not stopped', 'live', percent), line('Not stopped or assisting', 'goal', percent)] },
  [windows.map(w => w[0]), windows.map(w => w[1] * 100), windows.map(w => w[2] * 100)]);

  // --- Tables ---
  const show = (from, to) => {
    for (const u of over_time) u.setScale('x', { min: from, max: to });
    $('heap-title').scrollIntoView({ behavior: 'smooth' });
  };
  const reset = () => { for (const u of over_time) u.setScale('x', { min: seconds[0], max: Math.max(seconds[seconds.length - 1], seconds[0] + 0.001) }); };
  const zoom = by => {
    const { min, max } = over_time[0].scales.x, around = pointed >= min && pointed <= max ? pointed : (min + max) / 2, half = (max - min) * by / 2;
    for (const u of over_time) u.setScale('x', { min: around - half, max: around + half });
  };
  for (const button of document.querySelectorAll('.in')) button.addEventListener('click', () => zoom(0.5));
  for (const button of document.querySelectorAll('.out')) button.addEventListener('click', () => zoom(2));
  for (const button of document.querySelectorAll('.reset')) button.addEventListener('click', reset);
  const link = (text, parent, action, label) => {
    const button = make('button', text, parent);
    button.type = 'button';
    button.setAttribute('aria-label', label);
    button.addEventListener('click', action);
  };
  const names = make('tr', undefined, make('thead', undefined, $('windows')));
  for (const name of ['Window', 'Program had', 'Ends in cycle', 'Begins at']) make('th', name, names).scope = 'col';
  const body = make('tbody', undefined, $('windows'));
  for (const [size, , both, begin, number] of windows) {
    const tr = make('tr', undefined, body);
    make('td', ms(size * 1000), tr);
    make('td', percent(both * 100), tr);
    make('td', number, tr);
    link(at(begin), make('td', undefined, tr), () => show(Math.max(0, begin - size), begin + 2 * size), `Show the window at ${at(begin)} in the charts`);
  }
  const columns = [['Cycle', c => c[1]], ['At', c => c[2], at], ['Longest stop', c => Math.max(c[3], c[5]), ms], ['Opening', c => c[3], ms], ['Marking', c => c[4], ms], ['Closing', c => c[5], ms],
    ['CPU', c => c[6], ms], ['Assists', c => c[7], ms], ['Before', c => c[8], mib], ['After', c => c[9], mib], ['Live', c => c[10], mib], ['Goal', c => c[11], mib], ['Kind', c => c[12]]];
  if (status.runs > 1) columns.unshift(['Run', c => c[0] + 1]);
  const table = $('worst'), heads = make('tr', undefined, make('thead', undefined, table)), rows = make('tbody', undefined, table);
  let by = columns.findIndex(c => c[0] === 'Longest stop'), down = true;
  const draw = () => {
    const value = columns[by][1];
    const sorted = [...data.worst].sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * (down ? -1 : 1));
    rows.replaceChildren();
    for (const cycle of sorted) {
      const tr = make('tr', undefined, rows);
      for (const [name, get, text] of columns) {
        const td = make('td', name === 'Cycle' ? undefined : (text ? text(get(cycle)) : get(cycle)), tr);
        const reach = Math.max(1, totals.seconds / 50);
        if (name === 'Cycle') link(get(cycle), td, () => show(cycle[2] - reach, cycle[2] + reach), `Show cycle ${get(cycle)} in the charts`);
      }
    }
    [...heads.children].forEach((th, i) => th.setAttribute('aria-sort', i !== by ? 'none' : down ? 'descending' : 'ascending'));
  };
  columns.forEach(([name], i) => {
    const th = make('th', undefined, heads);
    th.scope = 'col';
    link(name, th, () => { down = by === i ? !down : true; by = i; draw(); }, `Sort by ${name}`);
  });
  draw();
  window.memgcReport = { charts, over_time, data };  // for whoever looks closer, from the console or a test
})();
