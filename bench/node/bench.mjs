#!/usr/bin/env node
// The Node binding's budgets, in nanoseconds a call: bench/README.md, "Node".
//
//     node bench/node/bench.mjs PACKAGE      PACKAGE is build/node/package
//
// Each row is the best of many short rounds, as other work on the machine only ever adds. The empty call has the shape of the
// others: it crosses into the addon and back, about a client that is none.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { attributes, ruleset } from '../workload.mjs';

const folder = resolve(process.argv[2] ?? 'build/node/package');
const require = createRequire(import.meta.url);
const { Client, User } = require(join(folder, 'dist', 'index.js'));
const { addon } = require(join(folder, 'dist', 'addon.js'));
const { words } = require(join(folder, 'dist', 'exchange.js'));

const rounds = 60;
const calls = 100_000;

/** A function of its own for each row, so that no row's types are another's. */
function measure(body, names) {
    const loop = new Function(...Object.keys(names), `return (calls) => { for (let i = 0; i < calls; ++i) { ${body} } }`)(
        ...Object.values(names));
    loop(calls);
    let best = Infinity;
    for (let round = 0; round < rounds; ++round) {
        const start = process.hrtime.bigint();
        loop(calls);
        best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
    }
    return best;
}

const client = Client.openSync({ source: { text: JSON.stringify(ruleset(1000)) } });
const counting = Client.openSync({
    source: { text: JSON.stringify(ruleset(1000, true)) }, sink: { file: '/dev/null' }, dedupeWindowMs: 3_600_000,
});
const user = new User('user-1', attributes(1));
const names = {
    client, counting, user, User, words, ask: addon.ask, handle: client.handle('flag-500'), attributes: attributes(1),
    likeUser: { key: 'user-1', attributes: attributes(1) }, constant: Object.freeze({}), sink: { last: undefined },
};
names.empty = (key, about) => {
    words[0] = 0xFFFF_FFFF;
    names.ask();
    return about === undefined ? undefined : names.constant;
};

const rows = [
    ['an empty call of the same shape', "sink.last = empty('flag-500', user);"],
    ['variant(key, user), a resident user', "sink.last = client.variant('flag-500', user);", 180],
    ['handle.variant(user)', 'sink.last = handle.variant(user);', 90],
    ['variant(key, {key, attributes}), six attributes', "sink.last = client.variant('flag-500', likeUser);", 900],
    ['the same, the object made for each call',
        `sink.last = client.variant('flag-500', { key: 'user-1', attributes: { country: 'US', plan: 'pro', app_version: '3.9.1',
            email: 'person-1@example.com', level: 1, beta: false } });`],
    ['string(key, user, default)', "sink.last = client.string('flag-500', user, 'blue');"],
    ['stringDetail(key, user, default)', "sink.last = client.stringDetail('flag-500', user, 'blue');"],
    ['variant(key, user) that counts an exposure, deduplicated', "sink.last = counting.variant('flag-500', user);"],
    ['new User(key, attributes)', "sink.last = new User('user-1', attributes);"],
];
console.log(`node ${process.version}, ${process.arch}; the best of ${rounds} rounds of ${calls} calls\n`);
let empty = 0;
for (const [name, body, budget] of rows) {
    const ns = measure(body, names);
    empty ||= ns;
    const verdict = budget === undefined ? '' : `  budget ${String(budget).padStart(3)} ns  ${ns <= budget ? 'holds' : 'MISSED'}`;
    console.log(`${name.padEnd(58)}${ns.toFixed(1).padStart(8)} ns  ${(ns - empty).toFixed(1).padStart(7)} over empty${verdict}`);
}
client.closeSync();
counting.closeSync();
