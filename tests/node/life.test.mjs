// How programs, workers and clients end: in order, abruptly, and by being forgotten.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { run } from './programs.mjs';

const folder = mkdtempSync(join(tmpdir(), 'expplat-node-'));
after(() => rmSync(folder, { recursive: true }));

async function ends(program, expected, ...flags) {
    const { code, signal, output } = await run(program, ...flags);
    assert.deepEqual({ code, signal, output: output.trim() }, { code: 0, signal: null, output: '', ...expected });
}

function events(file) {
    return readFileSync(join(folder, file), 'utf8').trim().split('\n').length;
}

const withSink = (file) => `options.sink = { file: ${JSON.stringify(join(folder, file))} };`;

test('a process with a live client ends, and sends what waits', async () => {
    await ends(`${withSink('live')} const client = Client.openSync(options); client.variant('button', new User('u1'));`, {});
    assert.equal(events('live'), 1);
});

test('a process that calls process.exit does too', async () => {
    await ends(
        `${withSink('exit')} Client.open(options).then((client) => { client.variant('button', new User('u1')); process.exit(7); });`,
        { code: 7 });
    assert.equal(events('exit'), 1);
});

test('a process that ends by an exception does too', async () => {
    const { code, signal } = await run(
        `${withSink('thrown')} const client = Client.openSync(options); client.variant('button', new User('u1')); throw new Error('x');`);
    assert.deepEqual({ code, signal }, { code: 1, signal: null });
    assert.equal(events('thrown'), 1);
});

test('a client that follows a server that is away keeps no process alive', async () => {
    await ends(
        `const client = Client.openSync({ source: { server: 'http://127.0.0.1:9', key: 'k' }, onStatus() {}, onLog() {} });
         client.waitReady(50).then((ready) => console.log(ready, client.variant('yes', { key: 'u' }).error));`,
        { output: 'false PROVIDER_NOT_READY' });
});

test('a promise keeps the process alive until it is kept', async () => {
    await ends(
        `Client.open(options).then((client) => client.flush(1000).then(async (sent) => { await client.close(); console.log(sent); }));`,
        { output: 'true' });
});

test('opening is under way when the process ends', async () => {
    await ends(`for (let i = 0; i < 20; ++i) Client.open(options); setImmediate(() => process.exit(0));`, {});
});

test('a callback that throws is an uncaught exception', async () => {
    const { code, output } = await run(`Client.open({ ...options, onStatus() { throw new Error('of the program'); } });
        setTimeout(() => {}, 200);`);
    assert.equal(code, 1, output);
    assert.match(output, /of the program/);
});

test('workers each have clients, and end with them', async () => {
    await ends(
        `const { Worker, isMainThread, workerData } = require('node:worker_threads');
         if (isMainThread) {
             let left = 6;
             for (let i = 0; i < 6; ++i) {
                 new Worker(__filename, { workerData: i }).on('exit', (code) => {
                     if (code !== 0) process.exit(code);
                     if (--left === 0) console.log('all');
                 });
             }
             const client = Client.openSync(options);
             for (let i = 0; i < 200000; ++i) client.variant('button', { key: 'u' + i % 100 });
         } else {
             const clients = [Client.openSync(options), Client.openSync(options)];
             const user = new User('u', { country: 'DE' });
             for (let i = 0; i < 200000; ++i) {
                 if (clients[i % 2].boolean('country', user, false) !== true) process.exit(3);
                 if (clients[i % 2].boolean('country', { key: 'u', attributes: { country: 'FR' } }, true) !== false) process.exit(4);
             }
             if (workerData % 2) clients[0].close();
         }`,
        { output: 'all' });
});

test('workers are terminated while they open, ask, flush and close', async () => {
    await ends(
        `const { Worker, isMainThread } = require('node:worker_threads');
         if (isMainThread) {
             (async () => {
                 for (let i = 0; i < 24; ++i) {
                     const worker = new Worker(__filename);
                     await new Promise((resolve) => worker.once('message', resolve));
                     await new Promise((resolve) => setTimeout(resolve, i));
                     await worker.terminate();
                 }
                 console.log('done');
             })();
         } else {
             const { parentPort } = require('node:worker_threads');
             const away = () => ({ source: { server: 'http://127.0.0.1:9', key: 'k' }, sink: 'http', shutdownTimeoutMs: 10, onLog() {} });
             const client = Client.openSync({ ...options, onStatus() {}, onRuleset() {} });
             parentPort.postMessage('ready');
             let open = 0;
             const turn = async () => {
                 if (open < 10) { ++open; const other = await Client.open(away()); other.flush(1000); other.waitReady(1000); if (open % 2) other.close(); }
                 for (let i = 0; i < 1000; ++i) client.variant('button', { key: 'u' + i });
                 setImmediate(turn);
             };
             turn();
         }`,
        { output: 'done' });
});

test('forgotten clients are ended', async () => {
    await ends(
        `const threads = () => require('node:fs').readdirSync('/proc/self/task').length;
         ${withSink('forgotten')}
         (async () => {
             await Client.open(options); // starts the threads of the pool
             const before = threads();
             Client.openSync(options).variant('button', new User('u1'));
             const held = [];
             for (let i = 0; i < 50; ++i) held.push(await Client.open({ ...options, sink: { file: options.sink.file + i }, onLog() {} }));
             const open = threads() - before;
             held.length = 0;
             const handles = Client.openSync(options).handle('yes');
             for (let i = 0; i < 50 && threads() > before + 1; ++i) { global.gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
             console.log(open > 40, threads() <= before + 1, handles.variant({ key: 'u' }).variant);
         })();`,
        { output: 'true true on' }, '--expose-gc');
    assert.equal(events('forgotten'), 1);
});

test('a client that is asked by nobody but its promise lives until that is kept', async () => {
    await ends(
        `(async () => {
             const promise = Client.openSync(options).flush(2000);
             for (let i = 0; i < 20; ++i) { global.gc(); await new Promise((resolve) => setTimeout(resolve, 5)); }
             console.log(await promise);
         })();`,
        { output: 'true' }, '--expose-gc');
});

test('the package is loaded twice, by import and by require, and is one', async () => {
    await ends(
        `import(require.resolve(${JSON.stringify(join(import.meta.url.slice(7), '..', '..', 'index.mjs'))}))
             .then((module) => console.log(module.Client === Client && module.User === User));`,
        { output: 'true' });
});

const measured = (name, work) => test(`1,000,000 ${name} leave memory flat`, async () => {
    await ends(
        `(async () => {
             const client = Client.openSync(options);
             const user = new User('u1', { country: 'DE' });
             const handle = client.handle('button');
             const attributes = { country: 'DE', plan: 'pro', age: 5, beta: true, version: '1.2.3', big: 5n };
             const work = async (count) => { for (let i = 0; i < count; ++i) { ${work} } };
             const used = async () => {
                 for (let i = 0; i < 5; ++i) { global.gc(); await new Promise((resolve) => setImmediate(resolve)); }
                 return process.memoryUsage().rss;
             };
             await work(150000);
             let grown; // V8 itself takes more at first: what leaks grows in every round
             for (let round = 0; round < 3; ++round) {
                 const before = await used();
                 await work(1000000);
                 grown = (await used()) - before;
                 if (grown < 8e6) break;
             }
             console.log(grown < 8e6 ? 'flat' : 'grown by ' + grown);
             client.closeSync();
         })();`,
        { output: 'flat' }, '--expose-gc');
});

measured('answers for a resident user', `client.variant('button', user); handle.variant(user);`);
measured('answers for users that are handed over', `client.variant('country', { key: 'u' + i % 1000, attributes });`);
measured('answers of a wrong type and for keys that are none',
    `client.boolean('button', user, true); client.variant('none' + i % 1000, user); client.variant(i, user);`);
measured('users', `if (i % 4 === 0) client.variant('button', new User('u' + i, attributes));`);
measured('details and events', `client.stringDetail('yes', user, 'x'); if (i % 10 === 0) { client.track('e', user, 1, { a: 1 }); client.status(); }`);
