// What cannot be is refused when a client is opened: by JavaScript's own errors, or with the library's code.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Client, ExpplatError, version } from 'expplat';

import { typesText } from './rulesets.mjs';

const source = { text: typesText };

for (const [name, options, error] of [
    ['nothing', undefined, TypeError],
    ['no source', {}, TypeError],
    ['a source of two kinds', { source: { file: 'a', text: 'b' } }, TypeError],
    ['a server without a key', { source: { server: 'http://127.0.0.1:1' } }, TypeError],
    ['a key without a server', { source: { file: 'a', key: 'k' } }, TypeError],
    ['a text that is watched', { source: { text: typesText, watchIntervalMs: 5 } }, TypeError],
    ['a stream that rotates', { source, sink: { kinesis: 's', region: 'r', rotateBytes: 5 } }, TypeError],
    ['a file with a region', { source, sink: { file: 'a', region: 'r' } }, TypeError],
    ['an intake of no server', { source, sink: 'http' }, TypeError],
    ['a path that a null character ends', { source: { file: 'a\0b' } }, TypeError],
    ['a path with a lone surrogate', { source, spool: '\uD800' }, TypeError],
    ['a ruleset with a lone surrogate', { source: { text: '"\uDC00"' } }, TypeError],
    ['an unknown option', { source, colour: 'red' }, TypeError],
    ['an unknown sink', { source, sink: 'kafka' }, TypeError],
    ['a function as a sink', { source, sink: () => 1 }, TypeError],
    ['a text as a number', { source, queueEvents: '5' }, TypeError],
    ['a broken number', { source, queueEvents: 1.5 }, RangeError],
    ['a number too small', { source, pollIntervalMs: 0 }, RangeError],
    ['a callback that is none', { source, onLog: 'console' }, TypeError],
    ['event attributes that are none', { source, eventAttributes: 'country' }, TypeError],
    ['an event attribute that is no text', { source, eventAttributes: [5] }, TypeError],
    ['a network that is none', { source, network: { proxy: 5 } }, TypeError],
]) {
    test(`refused: ${name}`, async () => {
        await assert.rejects(Client.open(options), error);
        assert.throws(() => Client.openSync(options), error);
    });
}

for (const [name, options, code] of [
    ['a file that is not there', { source: { file: '/nonexistent/ruleset.json' } }, 'not_found'],
    ['a ruleset that is none', { source: { text: '{}' } }, 'invalid_ruleset'],
    ['a URL that is none', { source: { server: 'no url', key: 'k' } }, 'invalid_argument'],
    ['a folder as the sink', { source, sink: { file: '/' } }, undefined],
]) {
    test(`refused by the library: ${name}`, async () => {
        const checked = (error) => {
            assert.ok(error instanceof ExpplatError && error instanceof Error, `${error}`);
            assert.equal(error.name, 'ExpplatError');
            assert.notEqual(error.message, '');
            if (code !== undefined) assert.equal(error.code, code);
            return true;
        };
        await assert.rejects(Client.open(options), checked);
        assert.throws(() => Client.openSync(options), checked);
    });
}

test('every option is taken', async () => {
    const client = await Client.open({
        source, sink: 'none', project: 'p', eventAttributes: ['country'], network: { connectTimeoutMs: 1000 }, streaming: false,
        pollIntervalMs: 1000, queueEvents: 100, batchAgeMs: 10, batchEvents: 10, dedupeWindowMs: 0, spoolBytes: 0,
        shutdownTimeoutMs: 0, onLog() {}, onStatus() {}, onRuleset() {},
    });
    assert.equal(client.status().origin, 'text');
    await client.close();
    await client.close();
    client.closeSync();
});

test('kinesis is a sink', async () => {
    const client = await Client.open({
        source,
        sink: {
            kinesis: 'stream', region: 'eu-central-1', endpointUrl: 'http://127.0.0.1:9', accessKeyId: 'a', secretAccessKey: 's',
            aggregate: false,
        },
        shutdownTimeoutMs: 0,
    });
    await client.close();
});

test('the version is a version', () => assert.match(version, /^\d+\.\d+\.\d+$/));

test('a client that is not opened says how it is', () => {
    assert.throws(() => new Client(), { name: 'TypeError', message: /Client\.open/ });
});
