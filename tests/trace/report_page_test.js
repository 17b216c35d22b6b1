// Job: look at memgc-trace's report as a person would: in Chromium, over its DevTools pipe.
//
// Usage: node report_page_test.js MEMGC_TRACE FOLDER. Makes a trace with a known gap and a hostile name in FOLDER, has
// the page made, and checks it; leaves light.png, dark.png, phone.png and one.png there. Exit status 1 with what was wrong.
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const chromium = require('../chromium/chromium.js');
const [program, folder] = process.argv.slice(2);
fs.rmSync(folder, { recursive: true, force: true });
fs.mkdirSync(folder, { recursive: true });

const failures = [];
const check = (good, what) => { if (!good) failures.push(what); };
const sleep = ms => new Promise(done => setTimeout(done, ms));

// 400 cycles, 50 ms apart, of which number 200 is missing; number 123 has by far the longest stop.
const name = '<script>alert(1)</script>.log';  // a folder's and a file's
let trace = '';
for (let n = 1; n <= 400; ++n) {
  if (n === 200) continue;
  const stop = n === 123 ? '7.5' : (0.010 + (n % 7) / 500).toFixed(3), live = 20 + n % 13;
  trace += `gc ${n} @${(n * 0.05).toFixed(3)}s 3%: ${stop}+4.2+0.018 ms clock, 0.062+0.41/3.9/1.2+0.036 ms cpu, ` +
    `${live * 2 - 4}->${live * 2}->${live} MB, ${live * 2 + 3} MB goal, 0 MB stacks, 0 MB globals, 2 P\n`;
}
fs.mkdirSync(path.dirname(path.join(folder, name)));
fs.writeFileSync(path.join(folder, name), trace);
const made = (file, of) => { execFileSync(program, ['report', '-o', file, of], { cwd: folder }); return path.join(folder, file); };
const page = made('report.html', name);
// A run so short that there is one cycle of it, whose goal has no end and whose stops took no time that can be drawn.
fs.writeFileSync(path.join(folder, 'one.log'), 'gc 1 @0.001s 0%: 0+0.5+0 ms clock, 0+0/0.4/0+0 ms cpu, 0->0->0 MB, 17592186044415 MB goal, 2 P\n');
const one = made('one.html', 'one.log');

const requests = [];
const browser = chromium.start(folder, message => {
  if (message.method === 'Network.requestWillBeSent') requests.push(message.params.request.url);
  if (['Runtime.exceptionThrown', 'Runtime.consoleAPICalled', 'Log.entryAdded', 'Page.javascriptDialogOpening'].includes(message.method)) {
    failures.push(`the page complains: ${JSON.stringify(message.params)}`);
  }
});
const { send, ask } = browser;
const until = async (expression, what) => {
  for (let i = 0; i < 200; ++i, await sleep(50)) if (await ask(expression)) return;
  check(false, what);
};
const look = async (picture, width, height, scheme) => {
  await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  await until(`document.documentElement.dataset.theme === '${scheme}' && memgcReport.charts.every(c => c.width === c.root.parentNode.clientWidth)`,
    `${picture}: charts do not fit a ${width} wide ${scheme} page`);
  check(await ask('document.documentElement.scrollWidth') <= width, `${picture}: wider than the screen`);
  await sleep(300);
  fs.writeFileSync(path.join(folder, picture), Buffer.from((await send('Page.captureScreenshot')).data, 'base64'));
};
const mouse = (type, x, y, held) => send('Input.dispatchMouseEvent',
  { type, x, y, button: held ? 'left' : 'none', buttons: held && type !== 'mouseReleased' ? 1 : 0, clickCount: 1 });
const scales = async () => JSON.parse(await ask('JSON.stringify(memgcReport.over_time.map(u => [u.scales.x.min, u.scales.x.max]))'));

async function examine() {
  await browser.open('about:blank');
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  await send('Emulation.setDeviceMetricsOverride', { width: 1200, height: 1500, deviceScaleFactor: 1, mobile: false });
  await send('Page.navigate', { url: `file://${page}` });
  await until('!!window.memgcReport', 'the script did not come to its end');
  const painted = JSON.parse(await ask(`JSON.stringify([...document.querySelectorAll('canvas')].map(c =>
    c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 0).length))`));
  check(painted.length === 4 && painted.every(n => n > 2000), `blank charts: ${painted}`);
  check(await ask(`document.getElementById('source').textContent`) === name, 'the name is not shown as it is');
  check(/1 line missing/.test(await ask(`document.getElementById('warning').textContent`)), 'the lost line is not told of');
  check(await ask(`document.querySelector('#worst tbody td').textContent`) === '123', 'the worst cycle is not first');

  const [left, top, width] = JSON.parse(await ask(`(() => { const r = document.querySelector('#heap .u-over').getBoundingClientRect();
    return JSON.stringify([r.left, r.top, r.width]); })()`));
  await mouse('mouseMoved', left + width / 2, top + 90, false);
  await until(`/\\d MiB/.test(document.querySelector('#heap .u-legend').innerText) && /\\d %/.test(document.querySelector('#cpu .u-legend').innerText)`,
    'hovering shows no values');
  await look('light.png', 1200, 1500, 'light');

  const [[from, to]] = await scales();
  await mouse('mousePressed', left + width * 0.3, top + 90, true);
  await mouse('mouseMoved', left + width * 0.4, top + 90, true);
  await mouse('mouseMoved', left + width * 0.5, top + 90, true);
  await mouse('mouseReleased', left + width * 0.5, top + 90, true);
  await until('memgcReport.over_time.every(u => u.scales.x.max - u.scales.x.min < 5)', 'dragging does not zoom both charts');
  await ask(`document.querySelector('.reset').click()`);
  await until(`memgcReport.over_time.every(u => u.scales.x.min === ${from} && u.scales.x.max === ${to})`, 'reset does not reset');
  await ask(`document.querySelector('#worst tbody button').click()`);
  await until('memgcReport.over_time.every(u => u.scales.x.min > 5 && u.scales.x.max < 8)', 'a cycle is not shown in the charts');
  await ask(`document.querySelector('.reset').click()`);
  await look('dark.png', 1200, 1500, 'dark');
  const [[before_from, before_to]] = await scales();
  await ask(`document.querySelector('.in').click()`);
  await until(`memgcReport.over_time.every(u => Math.abs((u.scales.x.max - u.scales.x.min) * 2 - ${before_to - before_from}) < 1e-6)`, '+ does not zoom in');
  await ask(`document.querySelector('.out').click(), document.querySelector('.reset').click()`);
  await ask(`document.querySelectorAll('main details').forEach(details => details.open = true)`);
  await look('phone.png', 360, 1800, 'light');

  await send('Page.navigate', { url: `file://${one}` });
  await until(`document.getElementById('source')?.textContent === 'one.log' && !!window.memgcReport`, 'no page of one cycle');
  check(await ask('memgcReport.charts.length') === 4, 'charts of one cycle are missing');
  check(await ask('memgcReport.over_time[0].scales.y.max') < 10, 'a goal without end is drawn');
  check(/2 are too short to be drawn/.test(await ask(`document.getElementById('stops-note').textContent`)), 'stops of no time are not told of');
  await look('one.png', 360, 1800, 'light');
  check(requests.every(url => url.startsWith('file://') && /\/(report|one)\.html$/.test(url) || url.startsWith('data:')), `it loads ${requests}`);
}

browser.examine(examine, failures);
