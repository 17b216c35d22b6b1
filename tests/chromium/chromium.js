// Job: a headless Chromium for tests, over its DevTools pipe.
'use strict';
const { spawn } = require('child_process');
const path = require('path');

// Its profile lies in `folder`; heard(event) is called with what it says unasked.
exports.start = (folder, heard = () => {}) => {
  const browser = spawn('chromium', ['--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe',
    `--user-data-dir=${path.join(folder, 'profile')}`], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const waiting = new Map();
  let last = 0, received = '', session;
  const send = (method, params = {}) => new Promise((done, failed) => {
    waiting.set(++last, { done, failed });
    browser.stdio[3].write(JSON.stringify({ id: last, method, params, sessionId: session }) + '\0');
  });
  browser.stdio[4].on('data', bytes => {
    received += bytes;
    for (let end; (end = received.indexOf('\0')) >= 0;) {
      const message = JSON.parse(received.slice(0, end));
      received = received.slice(end + 1);
      if (!message.id) {
        heard(message);
        continue;
      }
      const { done, failed } = waiting.get(message.id);
      message.error ? failed(new Error(JSON.stringify(message.error))) : done(message.result);
    }
  });
  return {
    send,
    // A page of its own, which send() and ask() speak to from now on.
    async open(url) {
      const { targetId } = await send('Target.createTarget', { url });
      session = (await send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
    },
    // The value of an expression, or of what it promises.
    async ask(expression) {
      const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      if (exceptionDetails) throw new Error(`${expression.slice(0, 200)}: ${JSON.stringify(exceptionDetails)}`);
      return result.value;
    },
    // Ends the process when look() has: with exit status 1, and what `failures` has got by then, if that is anything.
    examine(look, failures) {
      const end = () => {
        clearTimeout(patience);
        browser.kill();
        for (const failure of failures) console.error(failure);
        process.exit(failures.length > 0 ? 1 : 0);
      };
      const patience = setTimeout(() => { failures.push('no answer from Chromium in 100 s'); end(); }, 100000);
      look().catch(error => failures.push(String(error))).then(end);
    },
  };
};
