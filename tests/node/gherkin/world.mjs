// What the steps of a scenario share: OpenFeature with our provider over a real client, and what was evaluated last.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';

import { After, AfterAll, setWorldConstructor } from '@cucumber/cucumber';
import { AsyncLocalStorageTransactionContextPropagator, OpenFeature } from '@openfeature/server-sdk';
import { Client } from 'expplat';
import { ExpplatProvider } from 'expplat/openfeature';

import { top } from '../folders.mjs';
import { ReferenceServer } from '../reference_server.mjs';

export const features = join(top, 'tests', 'data', 'openfeature-spec');
const file = join(features, 'ruleset.json');
const folder = mkdtempSync(join(tmpdir(), 'expplat-gherkin-'));
AfterAll(() => rmSync(folder, { recursive: true }));

/** A client that was told a ruleset once and whose server is away since. */
async function stale() {
    const server = await ReferenceServer.start('--ruleset', file, '--key', 'key');
    const options = { source: { server: server.url, key: 'key' }, cache: join(folder, 'cache') };
    const client = await Client.open(options);
    if (!(await client.waitReady(10_000))) throw new Error('the reference server has no ruleset');
    await client.close();
    await server.stop();
    return new ExpplatProvider(options);
}

const away = { source: { server: 'http://127.0.0.1:9', key: 'key' } };
const providers = {
    stable: () => new ExpplatProvider({ source: { file } }),
    'not ready': () => new ExpplatProvider(away, { readyTimeoutMs: 20_000 }),
    error: () => new ExpplatProvider(away, { readyTimeoutMs: 10 }),
    fatal: () => new ExpplatProvider({ source: { text: '{}' } }),
    stale,
};

class World {
    hooks = [];
    context = {};
    asked = undefined;
    details = undefined;

    async register(kind) {
        const provider = await providers[kind]();
        if (kind === 'not ready') OpenFeature.setProvider(provider);
        else await OpenFeature.setProviderAndWait(provider).catch(() => {});
        if (kind === 'stale') await new Promise((resolve) => setTimeout(resolve, 50));
        this.client = OpenFeature.getClient();
    }

    retrievable() {
        this.seen = undefined;
        const provider = new ExpplatProvider({ source: { file } });
        const resolve = provider.resolveBooleanEvaluation.bind(provider);
        provider.resolveBooleanEvaluation = (key, fallback, context) => {
            this.seen = context;
            return resolve(key, fallback, context);
        };
        OpenFeature.setTransactionContextPropagator(new AsyncLocalStorageTransactionContextPropagator());
        this.levels = {};
        return OpenFeature.setProviderAndWait(provider).then(() => (this.client = OpenFeature.getClient()));
    }

    async evaluate(options) {
        const { type, key, fallback } = this.asked;
        const method = { boolean: 'Boolean', string: 'String', integer: 'Number', float: 'Number', object: 'Object' }[type];
        this.details = await this.client[`get${method}Details`](key, fallback, this.context, options);
    }

    async evaluateMerged() {
        const hooks = this.levels['Before Hooks'] ? [{ before: () => this.levels['Before Hooks'] }] : [];
        if (this.levels.API) OpenFeature.setContext(this.levels.API);
        if (this.levels.Client) this.client.setContext(this.levels.Client);
        const ask = () => this.client.getBooleanValue('boolean-flag', false, this.levels.Invocation ?? {}, { hooks });
        if (this.levels.Transaction) await new Promise((resolve, reject) => {
            OpenFeature.setTransactionContext(this.levels.Transaction, () => ask().then(resolve, reject));
        });
        else await ask();
    }
}
setWorldConstructor(World);

After(async () => {
    OpenFeature.clearHooks();
    await OpenFeature.clearProviders();
    OpenFeature.setContext({});
});

export function typed(type, text) {
    switch (type.toLowerCase()) {
        case 'boolean': return text === 'true';
        case 'integer': case 'float': return Number(text);
        case 'object': return text === 'null' ? null : JSON.parse(text.replaceAll('\\"', '"'));
        default: return text === 'null' ? null : text;
    }
}

export const flags = Object.keys(JSON.parse(readFileSync(file, 'utf8')).flags);
