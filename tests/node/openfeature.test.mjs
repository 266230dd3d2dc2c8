// OpenFeature's own scenarios through the provider, by cucumber; then what they do not ask: events, hooks, tracking, life.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

import { OpenFeature, ProviderEvents } from '@openfeature/server-sdk';
import { Client } from 'expplat';
import { ExpplatProvider } from 'expplat/openfeature';

import { packageFolder, top } from './folders.mjs';
import { ReferenceServer } from './reference_server.mjs';
import { types, typesText } from './rulesets.mjs';

const folder = mkdtempSync(join(tmpdir(), 'expplat-node-'));
after(() => rmSync(folder, { recursive: true }));

const cucumber = join(dirname(createRequire(import.meta.url).resolve('@cucumber/cucumber/package.json')), 'bin', 'cucumber.js');
const reasons = {
    'the reason should be "CACHED"': 'the provider evaluates each time and caches nothing',
    'the resolved metadata should contain': 'the `meta` of a flag is its author\'s and not evaluated',
};

test('the scenarios of the OpenFeature specification', async (t) => {
    const report = join(folder, 'report.json');
    try {
        execFileSync(process.execPath, [
            cucumber, join(top, 'tests', 'data', 'openfeature-spec', 'gherkin', '*.feature'), '--strict',
            '--import', 'tests/gherkin/*.mjs', '--format', `json:${report}`,
        ], { cwd: packageFolder, stdio: 'ignore' });
    } catch { /* the report says what failed */ }
    const scenarios = JSON.parse(readFileSync(report, 'utf8')).flatMap(({ uri, elements }) =>
        elements.map((scenario) => ({ ...scenario, name: `${uri.split('/').at(-1)}:${scenario.line} ${scenario.name}` })));
    assert.equal(scenarios.length, 132);
    for (const { name, steps } of scenarios) {
        const open = steps.find(({ result }) => result.status !== 'passed');
        const skip = open?.result.status === 'skipped' ? reasons[open.name] ?? false : false;
        await t.test(name, { skip }, () => assert.equal(open, undefined, `${open?.name}: ${open?.result.error_message ?? open?.result.status}`));
    }
});

async function until(done) {
    for (let i = 0; i < 500 && !done(); ++i) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(done());
}

test('events tell of a change, and tracking reaches the sink', async () => {
    const server = await ReferenceServer.start('--key', 'good', '--keep-events', 'true');
    await server.ask('ruleset', JSON.stringify(types));
    const provider = new ExpplatProvider({ source: { server: server.url, key: 'good' }, sink: 'http' });
    await OpenFeature.setProviderAndWait('followed', provider);
    const client = OpenFeature.getClient('followed');
    const changes = [];
    client.addHandler(ProviderEvents.ConfigurationChanged, ({ flagsChanged }) => changes.push(flagsChanged));
    const flags = { ...types.flags, hello: { ...types.flags.hello, variants: { hi: 'changed', bye: 'bye' } } };
    await server.ask('ruleset', JSON.stringify({ ...types, version: 8, flags }));
    await until(() => changes.length > 0);
    assert.deepEqual(changes, [['hello']]);
    assert.equal(await client.getStringValue('hello', ''), 'changed');

    await client.getStringValue('button', '', { targetingKey: 'u1', country: 'DE' });
    client.track('purchase', { targetingKey: 'u1' }, { value: 9.5, currency: 'EUR' });
    client.track('visit', { targetingKey: 'u1' });
    assert.equal(await provider.client.flush(10_000), true);
    const events = (await server.ask('events')).trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(events.length, 3);
    const purchase = events.find((event) => JSON.stringify(event).includes('purchase'));
    assert.equal(purchase.value, 9.5);
    assert.deepEqual(purchase.properties, { currency: 'EUR' });
    await OpenFeature.clearProviders();
    assert.equal(provider.client.status().state, 'CLOSED');
    await server.stop();
});

test('a refused key is fatal, and a client that was given stays open', async () => {
    const server = await ReferenceServer.start('--key', 'good');
    await server.ask('ruleset', JSON.stringify(types));
    const refused = new ExpplatProvider({ source: { server: server.url, key: 'bad' } });
    await assert.rejects(OpenFeature.setProviderAndWait('refused', refused));
    assert.equal(OpenFeature.getClient('refused').providerStatus, 'FATAL');

    const owned = Client.openSync({ source: { text: typesText } });
    await OpenFeature.setProviderAndWait('given', new ExpplatProvider(owned));
    assert.equal(await OpenFeature.getClient('given').getBooleanValue('yes', false), true);
    assert.equal((await OpenFeature.getClient('given').getNumberDetails('huge', 1)).errorCode, 'TYPE_MISMATCH');
    assert.equal((await OpenFeature.getClient('given').getStringDetails('button', 'x')).errorCode, 'TARGETING_KEY_MISSING');
    await OpenFeature.clearProviders();
    assert.equal(owned.status().state, 'READY');
    owned.closeSync();
    await server.stop();
});

test('a provider runs its hooks, and dates and nested attributes are passed', async () => {
    const ran = [];
    const provider = new ExpplatProvider({ source: { text: typesText } }, { hooks: [{ before: () => void ran.push('before') }] });
    await OpenFeature.setProviderAndWait('hooked', provider);
    const context = { targetingKey: 'u', country: 'DE', since: new Date(0), device: { os: ['a'] }, nothing: null };
    assert.equal(await OpenFeature.getClient('hooked').getBooleanValue('country', false, context), true);
    assert.deepEqual(ran, ['before']);
    const given = await OpenFeature.getClient('hooked').getStringDetails('stopped', 'x', context);
    assert.deepEqual([given.value, given.reason, given.variant, given.flagMetadata], ['x', 'DEFAULT', undefined, { reason: 'NOT_TARGETED' }]);
    assert.throws(() => new ExpplatProvider(undefined), TypeError);
    await OpenFeature.clearProviders();
});
