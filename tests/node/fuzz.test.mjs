// Arguments of any shape, drawn at random from a fixed seed: a question never throws, set-up throws only JavaScript's errors
// or the library's, and nothing crashes.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client, ExpplatError, User } from 'expplat';

import { typesText } from './rulesets.mjs';

const rounds = process.env.EXPPLAT_FULL ? 400_000 : 40_000;

let state = 20261126;
function random(below) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
}
const one = (list) => list[random(list.length)];

const odd = [
    undefined, null, true, false, 0, -0, 1, -1, 1.5, NaN, Infinity, 2 ** 53, -(2 ** 63), 1e308, 5n, -(2n ** 63n), 2n ** 64n, 10n ** 400n,
    '', 'key', 'yes', 'u1', '__proto__', 'constructor', '\0', '\uD800', 'ä€😀', 'x'.repeat(70_000), Symbol('s'), Symbol.iterator,
    () => 1, class {}, [], [1, 'a', null], new Date(0), new Date(NaN), new Map([['a', 1]]), new Uint8Array(4), new ArrayBuffer(4),
    Object.create(null), new Proxy({}, {}), new Proxy({}, { get() { throw new Error('get'); }, ownKeys() { throw new Error('keys'); } }),
    { toString() { throw new Error('text'); } }, { get a() { throw new Error('a'); } }, { valueOf: () => 5 }, new String('boxed'),
    Promise.resolve(1), /x/, new Error('e'), globalThis, new User('u'), new WeakMap(), { __proto__: null, key: 'u' },
];
for (const value of odd) if (value instanceof Promise) value.catch(() => {});

function any(depth = 0) {
    if (depth > 3 || random(3) > 0) return one(odd);
    if (random(3) === 0) return Array.from({ length: random(5) }, () => any(depth + 1));
    const object = {};
    for (let i = random(5); i > 0; --i) {
        Object.defineProperty(object, one(['key', 'attributes', 'country', '', 'a.b', '__proto__', 'ä', 'n' + random(9_000)]),
            { value: any(depth + 1), enumerable: true, configurable: true });
    }
    return object;
}

const keys = () => (random(3) > 0 ? one(['yes', 'ten', 'half', 'hello', 'page', 'country', 'button', 'huge']) : any());
const users = () => (random(3) > 0 ? { key: one(['u1', 'u2', any()]), attributes: any() } : any());

test('a question never throws, and falls back', () => {
    const client = Client.openSync({ source: { text: typesText } });
    const good = new User('u1', { country: 'DE' });
    for (let i = 0; i < rounds; ++i) {
        const answer = client[one(['variant', 'evaluate'])](keys(), users());
        assert.equal(typeof answer.reason, 'string');
        const name = one(['boolean', 'integer', 'number', 'string', 'object']);
        client[name](keys(), users(), any());
        const detail = client[name + 'Detail'](keys(), users(), any());
        assert.equal(typeof detail.exposure, 'boolean');
        if (random(50) === 0) assert.ok(Array.isArray(client.evaluateAll(users())));
        if (random(20) === 0) client.handle('button').variant(users());
        assert.equal(client.boolean('country', good, false), true);
    }
    client.closeSync();
});

const isHonest = (error) => error instanceof TypeError || error instanceof RangeError || error instanceof ExpplatError ||
    error instanceof SyntaxError || (error instanceof Error && /^(get|keys|text|a)$/.test(error.message));

test('set-up throws what JavaScript throws', async () => {
    const client = Client.openSync({ source: { text: typesText } });
    const honestly = async (act) => {
        try {
            const made = await act();
            if (made instanceof Client && made !== client) made.closeSync();
        } catch (error) {
            if (!isHonest(error)) throw error;
        }
    };
    const optionNames = ['source', 'sink', 'cache', 'project', 'eventAttributes', 'network', 'queueEvents', 'onLog', 'streaming'];
    for (let i = 0; i < rounds / 10; ++i) {
        await honestly(() => new User(any(), any()));
        await honestly(() => User.fromJSON(any()));
        await honestly(() => new User('u').with(any()));
        await honestly(() => client.handle(any()).variant(any()));
        await honestly(() => client.track(any(), users(), any(), any()));
        await honestly(() => client.evaluateCase(any()));
        await honestly(() => client.flush(one(['5', -1, NaN, {}, null])));
        await honestly(() => client.waitReady(any()));
        await honestly(() => client.onStatus(any())());
        await honestly(() => Client.open(any()));
        const options = Object.fromEntries(Array.from({ length: random(4) }, () => [one(optionNames), any()]));
        await honestly(() => Client.openSync(options));
        await honestly(() => Client.openSync({ source: { [one(['text', 'server', 'key', 'file'])]: any() } }));
    }
    client.closeSync();
});

test('methods that are called on something else throw TypeError', () => {
    for (const method of ['variant', 'boolean', 'handle', 'status', 'evaluateAll', 'closeSync']) {
        for (const self of [undefined, {}, Client, new User('u')]) {
            assert.throws(() => Client.prototype[method].call(self, 'yes', {}), TypeError);
        }
    }
});
