// A client that follows a server: readiness, changes, the callbacks, and a key that is taken back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Client, User, version } from 'expplat';

import { ReferenceServer } from './reference_server.mjs';
import { types } from './rulesets.mjs';

let server;
before(async () => {
    server = await ReferenceServer.start('--key', 'good', '--keep-events', 'true');
    await server.ask('ruleset', JSON.stringify(types));
});
after(() => server.stop());

async function until(done) {
    for (let i = 0; i < 500; ++i) {
        if (await done()) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.fail('it did not come');
}

test('waitReady waits for the server, and a change is there for the next question', async () => {
    const heard = { lines: [], states: [], changes: [] };
    const client = await Client.open({
        source: { server: server.url, key: 'good' }, sink: 'http',
        onLog: (level, line) => heard.lines.push([level, line]),
        onStatus: ({ state }) => heard.states.push(state),
        onRuleset: (change) => heard.changes.push(change),
    });
    const user = new User('u1');
    assert.equal(await client.waitReady(10_000), true);
    assert.equal(client.string('hello', user, ''), 'hello');
    assert.deepEqual([client.status().state, client.status().origin], ['READY', 'server']);

    const flags = { ...types.flags, hello: { ...types.flags.hello, variants: { hi: 'changed', bye: 'bye' } } };
    await server.ask('ruleset', JSON.stringify({ ...types, version: 8, flags }));
    await until(() => client.string('hello', user, '') === 'changed');
    assert.equal(client.variant('hello', user).version, 8);
    await until(() => heard.changes.some(({ keys, version }) => version === 8 && keys.includes('hello')));
    assert.ok(heard.states.includes('READY'));
    for (const [level, line] of heard.lines) {
        assert.ok(['debug', 'info', 'warning', 'error'].includes(level));
        assert.equal(typeof line, 'string');
    }

    client.variant('button', user);
    assert.equal(await client.flush(10_000), true);
    const events = (await server.ask('events')).trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(events.length, 1);
    assert.equal(events[0].sdk, `expplat-node/${version}`);
    assert.equal(client.stats().acknowledged, 1);
    await client.close();
    await until(() => heard.states.at(-1) === 'CLOSED');
});

test('a refused key is said, and answers are the defaults', async () => {
    const client = await Client.open({ source: { server: server.url, key: 'bad' } });
    await until(() => client.status().state === 'UNAUTHORIZED');
    assert.equal(client.variant('hello', { key: 'u' }).error, 'PROVIDER_NOT_READY');
    assert.equal(client.string('hello', { key: 'u' }, 'default'), 'default');
    assert.equal(await client.waitReady(10), false);
    const waiting = client.waitReady(60_000);
    await client.close();
    assert.equal(await waiting, false, 'closing ends the wait');
});

test('many wait at once, and flushes come one after the other', async () => {
    const client = await Client.open({ source: { server: server.url, key: 'good' }, sink: 'http' });
    assert.ok((await Promise.all(Array.from({ length: 50 }, () => client.waitReady(10_000)))).every((ready) => ready));
    assert.ok((await Promise.all(Array.from({ length: 50 }, () => client.flush(10_000)))).every((sent) => sent));
    await client.close();
});
