// Answers by type, users of each kind, and answers that follow the ruleset.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { Client, User } from 'expplat';

import { types, typesText } from './rulesets.mjs';

const folder = mkdtempSync(join(tmpdir(), 'expplat-node-'));
after(() => rmSync(folder, { recursive: true }));
const user = new User('u1', { country: 'DE' });

test('a value comes in its type, or the default with TYPE_MISMATCH', () => {
    const client = Client.openSync({ source: { text: typesText } });
    assert.equal(client.boolean('yes', user, false), true);
    assert.equal(client.integer('ten', user, 3), 10);
    assert.equal(client.integer('ten', user, 3n), 10n);
    assert.equal(client.number('half', user, 0), 0.5);
    assert.equal(client.number('ten', user, 0), 10, 'JavaScript has one kind of number');
    assert.equal(client.string('hello', user, ''), 'hello');
    assert.deepEqual(client.object('page', user, {}), { title: 'T', sizes: [1, { deep: true }] });
    assert.throws(() => (client.object('page', user, {}).sizes[1].deep = false), TypeError, 'frozen all through');

    assert.equal(client.integer('half', user, 3), 3);
    assert.equal(client.boolean('ten', user, true), true);
    assert.equal(client.string('yes', user, 'none'), 'none');
    const mismatch = client.stringDetail('yes', user, 'none');
    assert.deepEqual(mismatch, {
        key: 'yes', variant: 'on', value: 'none', reason: 'ERROR', rule: null, error: 'TYPE_MISMATCH', exposure: false, version: 7,
    });
    assert.equal(client.variant('yes', user).reason, 'DEFAULT', 'the same answer by another question');
    assert.equal(client.objectDetail('page', user, null).value.title, 'T');
    assert.equal(client.numberDetail('nothing', user, 1.5).error, 'FLAG_NOT_FOUND');
    assert.equal(client.numberDetail('nothing', user, 1.5).value, 1.5);
    client.closeSync();
});

test('an integer that no number holds is a bigint', () => {
    const client = Client.openSync({ source: { text: typesText } });
    assert.equal(client.variant('huge', user).value, 9223372036854775807n);
    assert.equal(client.integer('huge', user, 1n), 9223372036854775807n);
    assert.equal(client.integer('huge', user, 1), 1);
    assert.equal(client.integerDetail('huge', user, 1).error, 'TYPE_MISMATCH');
    assert.equal(client.number('huge', user, 2), 2);
    client.closeSync();
});

test('equal answers are one object', () => {
    const client = Client.openSync({ source: { text: typesText } });
    const handle = client.handle('yes');
    assert.equal(client.variant('yes', user), handle.variant(user));
    assert.ok(Object.isFrozen(handle.variant(user)));
    assert.equal(handle.boolean(user, false), true);
    assert.equal(client.handle('hello').string(user, ''), 'hello');
    assert.equal(client.handle('ten').number(user, 0), 10);
    assert.equal(handle.key, 'yes');
    assert.equal(handle.client, client);
    client.closeSync();
});

test('answers follow a file that is read again, though its version stays', async () => {
    const file = join(folder, 'ruleset.json');
    const save = (hello, version) => writeFileSync(file, JSON.stringify({
        ...types, version, flags: { ...types.flags, hello: { ...types.flags.hello, variants: { hi: hello, bye: '' } } },
    }));
    save('first', 7);
    const client = await Client.open({ source: { file } });
    const handle = client.handle('hello');
    const changes = [];
    client.onRuleset((change) => changes.push(change));
    for (const [hello, version] of [['second', 7], ['third', 8], ['fourth', 8]]) {
        save(hello, version);
        await client.reload();
        assert.equal(client.string('hello', user, ''), hello);
        assert.equal(handle.variant(user).value, hello);
        assert.equal(handle.variant(user).version, version);
    }
    writeFileSync(file, '{"format":');
    await assert.rejects(client.reload(), { name: 'ExpplatError', code: 'invalid_ruleset' });
    assert.equal(handle.variant(user).value, 'fourth');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(changes.length >= 3 && changes.every(({ origin }) => origin === 'file'), JSON.stringify(changes));
    assert.deepEqual(changes.find(({ everything }) => !everything).keys, ['hello']);
    await client.close();
});

test('an attribute of each kind is what RULESET.md says', () => {
    const is = (operator, operand, attributes) => {
        const client = Client.openSync({
            source: {
                text: `{"format":"expplat.ruleset/1","environment":"t","version":1,"flags":{"f":{"type":"boolean",
                    "variants":{"on":true,"off":false},"off":"off","default":"off",
                    "rules":[{"id":"r","if":{"attribute":"a","${operator}":${operand}},"serve":"on"}]}}}`,
            },
        });
        const answers = [client.boolean('f', { key: 'u', attributes }, false), client.boolean('f', new User('u', attributes), false)];
        client.closeSync();
        assert.equal(answers[0], answers[1]);
        return answers[0];
    };
    assert.ok(is('is', '5', { a: 5 }));
    assert.ok(is('is', '5', { a: 5n }));
    assert.ok(is('is', '9007199254740993', { a: 9007199254740993n }));
    assert.ok(!is('is', '9007199254740993', { a: 9007199254740992 }));
    assert.ok(is('is', '0.5', { a: 0.5 }));
    assert.ok(is('greater_than', '1e300', { a: 10n ** 301n }), 'over 64 bits a bigint is a double');
    assert.ok(is('is', '"x"', { a: 'x' }));
    assert.ok(is('is', '"ä€😀"', { a: 'ä€😀' }));
    assert.ok(is('is', 'true', { a: true }));
    assert.ok(is('is', '"1970-01-01T00:00:00.000Z"', { a: new Date(0) }));
    assert.ok(is('contains_any', '["y"]', { a: ['x', null, 'y', {}, NaN] }) || is('in', '["y"]', { a: ['x', null, 'y'] }));
    for (const absent of [null, undefined, NaN, Infinity, () => 1, Symbol('s'), new Date(NaN)]) {
        assert.ok(is('exists', 'false', { a: absent }), String(absent));
    }
});

test('nested objects are flattened, and what is no user is PARSE_ERROR', () => {
    const client = Client.openSync({
        source: {
            text: `{"format":"expplat.ruleset/1","environment":"t","version":1,"flags":{"f":{"type":"boolean",
                "variants":{"on":true,"off":false},"off":"off","default":"off",
                "rules":[{"id":"r","if":{"attribute":"device.os.name","is":"ios"},"serve":"on"}]}}}`,
        },
    });
    assert.equal(client.boolean('f', { key: 'u', attributes: { device: { os: { name: 'ios' } } } }, false), true);
    assert.equal(client.boolean('f', { key: 'u', attributes: { 'device.os': { name: 'ios' } } }, false), true);
    const loop = {};
    loop.loop = loop;
    for (const bad of [null, undefined, 5, 'u', [], Symbol('u'), () => 1, { attributes: 5 }, { attributes: [] },
        { attributes: loop }, { attributes: { a: '\uD800' } }, { key: '\uDC00' },
        { get key() { throw new Error('no key'); } },
        { attributes: { get a() { throw new Error('no attribute'); } } },
        { attributes: { a: 10n ** 400n } },
        new Proxy({}, { get() { throw new Error('no'); } })]) {
        assert.equal(client.variant('f', bad).error, 'PARSE_ERROR');
        assert.equal(client.boolean('f', bad, true), true);
    }
    assert.equal(client.variant('f', { key: 5 }).error, null, 'a key that is no string is absent');
    client.closeSync();
});

test('a getter that asks meanwhile does not mix two users up', () => {
    const client = Client.openSync({ source: { text: typesText } });
    const attributes = {
        a: 'a long text that takes the place of the other user', get b() { return client.boolean('country', { key: 'x' }, true); },
        country: 'DE',
    };
    assert.equal(client.boolean('country', { key: 'u', attributes }, false), true);
    assert.equal(new User('u', attributes).attributes.b, false);
    client.closeSync();
});

test('users that are many, and users that are large', () => {
    const client = Client.openSync({ source: { text: typesText } });
    const users = Array.from({ length: 40_000 }, (_, i) => new User(`u${i}`, { country: i % 2 ? 'DE' : 'FR' }));
    for (let round = 0; round < 2; ++round) {
        users.forEach((each, i) => assert.equal(client.boolean('country', each, false), i % 2 === 1));
    }
    const large = { country: 'DE', text: 'x'.repeat(3_000_000), euro: '€'.repeat(200_000) };
    for (let i = 0; i < 9_000; ++i) large[`attribute-${i}`] = i;
    assert.equal(client.boolean('country', { key: 'u', attributes: large }, false), true);
    const resident = new User('u', large);
    assert.equal(client.boolean('country', users[1], false), true);
    for (let i = 0; i < 16_384; ++i) new User('another');
    assert.equal(client.boolean('country', resident, false), true, 'handed over again');
    assert.equal(client.boolean('country', users[1], false), true);
    assert.throws(() => new User('u', Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`a${i}`, i]))), RangeError);
    assert.throws(() => new User('u', { a: 'x'.repeat(70_000_000) }), RangeError);
    assert.equal(client.variant('country', { attributes: { a: 'x'.repeat(70_000_000) } }).error, 'PARSE_ERROR');
    client.closeSync();
});

test('a user says what it is, and `with` makes another', () => {
    const client = Client.openSync({ source: { text: typesText } });
    const other = user.with({ country: null, plan: 'pro' });
    assert.equal(other.key, 'u1');
    assert.deepEqual(other.attributes, { country: null, plan: 'pro' });
    assert.equal(client.boolean('country', other, true), false);
    assert.equal(client.boolean('country', user, false), true);
    assert.equal(JSON.stringify(user), '{"key":"u1","attributes":{"country":"DE"}}');
    const read = User.fromJSON('{"key": "u2", "attributes": {"country": "DE", "n": 9007199254740993}}');
    assert.equal(read.key, 'u2');
    assert.equal(client.boolean('country', read, false), true);
    assert.equal(client.boolean('country', read.with({ country: 'FR' }), true), false);
    assert.equal(read.with({}).attributes.n, 2 ** 53, 'as JSON.parse reads it');
    assert.throws(() => User.fromJSON('{"key": "u", "key": "u"}'), SyntaxError);
    assert.throws(() => User.fromJSON('{'), SyntaxError);
    assert.throws(() => User.fromJSON(5), TypeError);
    assert.throws(() => new User(5), TypeError);
    assert.throws(() => new User('u', []), TypeError);
    assert.throws(() => new User('u', { a: '\uD800' }), RangeError);
    client.closeSync();
});

test('a Map or a Set has no members to be attributes', () => {
    const client = Client.openSync({ source: { text: typesText } });
    for (const attributes of [new Map([['country', 'DE']]), new Set(['DE'])]) {
        const error = { name: 'TypeError', message: /an object, not a (Map|Set)/ };
        assert.throws(() => new User('u', attributes), error);
        assert.throws(() => client.track('e', user, 1, attributes), error);
        assert.equal(client.variant('country', { key: 'u', attributes }).error, 'PARSE_ERROR');
        assert.equal(client.variant('country', attributes).error, 'PARSE_ERROR');
    }
    assert.deepEqual(new User('u', Object.assign(Object.create(null), { country: 'DE' })).attributes, { country: 'DE' });
    client.closeSync();
});

test('more keys than a ruleset can have are answered too', () => {
    const client = Client.openSync({ source: { text: typesText } });
    for (let i = 0; i < 140_000; ++i) assert.equal(client.boolean(`none-${i}`, user, true), true);
    assert.equal(client.boolean('yes', user, false), true);
    assert.equal(client.variant('yes', { key: 'u' }).variant, 'on');
    assert.equal(client.handle('hello').string(user, ''), 'hello');
    client.closeSync();
});

test('exposures and events are recorded, once', async () => {
    const file = join(folder, 'events.jsonl');
    const client = await Client.open({ source: { text: typesText }, sink: { file }, eventAttributes: ['country'], project: 'shop' });
    for (let i = 0; i < 10; ++i) client.variant('button', user);
    client.handle('button').variant(user);
    client.evaluate('button', new User('u2'));
    client.evaluateAll(new User('u3'));
    assert.equal(client.boolean('button', new User('u4'), true), true, 'of another type: not counted');
    assert.equal(client.string('button', { key: 'u5' }, '') !== '', true);
    assert.equal(client.track('purchase', user, 12.5, { currency: 'EUR', amount: 5n }), true);
    assert.equal(client.track('visit', { key: 'u5' }), true);
    assert.equal(client.track('visit', null), false);
    assert.throws(() => client.track('', user), TypeError);
    assert.throws(() => client.track('e', user, '5'), TypeError);
    assert.throws(() => client.track('e', user, 5, []), TypeError);
    for (const properties of [{ a: '\uD800' }, { '\uD800': 1 }, { a: [{ b: '\uDC00' }] }]) {
        assert.throws(() => client.track('e', user, 5, properties), { name: 'TypeError', message: /properties .* lone surrogate/ });
    }
    assert.throws(() => client.track('\uD800', user), { name: 'TypeError', message: /name .* lone surrogate/ });
    for (const properties of [new Date(), { toJSON: () => 5 }, { toJSON() {} }]) {
        assert.throws(() => client.track('e', user, 5, properties), { name: 'TypeError', message: /none in JSON/ });
    }
    assert.equal(await client.flush(), true);
    const events = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    const short = events.map((event) => [event.type, event.name ?? event.key ?? event.event, event.unit_id]);
    assert.equal(events.length, 4, JSON.stringify(short));
    assert.equal(client.stats().deduplicated, 10);
    assert.equal(client.stats().acknowledged, 4);
    await client.close();
    client.variant('button', new User('later'));
    assert.equal(client.boolean('yes', user, false), true, 'the last ruleset answers');
    assert.equal(client.status().state, 'CLOSED');
    assert.equal(client.track('purchase', user), false, 'a closed client records nothing');
    assert.equal(client.stats().recorded, 14);
});
