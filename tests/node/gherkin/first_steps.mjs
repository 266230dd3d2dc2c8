// The steps of evaluation.feature, which OpenFeature keeps beside its successor.
import assert from 'node:assert/strict';

import { Then, When } from '@cucumber/cucumber';

import { typed } from './world.mjs';

function ask(world, type, key, fallback) {
    world.asked = { type, key, fallback };
    return world.evaluate();
}

When(/^an? (boolean|string) flag with key "(.*)" is evaluated with (?:details and )?default value "(.*)"$/,
    function (type, key, fallback) {
        return ask(this, type, key, typed(type, fallback));
    });
When(/^an? (integer|float) flag with key "(.*)" is evaluated with (?:details and )?default value ([\d.]+)$/,
    function (type, key, fallback) {
        return ask(this, type, key, Number(fallback));
    });
When(/^an object flag with key "(.*)" is evaluated with (?:details and )?a null default value$/, function (key) {
    return ask(this, 'object', key, null);
});
When('context contains keys {string}, {string}, {string}, {string} with values {string}, {string}, {int}, {string}',
    function (a, b, c, d, va, vb, vc, vd) {
        this.context = { [a]: va, [b]: vb, [c]: vc, [d]: vd === 'true' };
    });
When('a flag with key {string} is evaluated with default value {string}', function (key, fallback) {
    return ask(this, 'string', key, fallback);
});
When('a non-existent string flag with key {string} is evaluated with details and a fallback value {string}',
    function (key, fallback) {
        return ask(this, 'string', key, fallback);
    });
When('a string flag with key {string} is evaluated as an integer, with details and a fallback value {int}',
    function (key, fallback) {
        return ask(this, 'integer', key, fallback);
    });

Then(/^the resolved (boolean|string) value should be "(.*)"$/, function (type, value) {
    assert.equal(this.details.value, typed(type, value));
});
Then(/^the resolved (?:integer|float) value should be ([\d.]+)$/, function (value) {
    assert.equal(this.details.value, Number(value));
});
Then(/^the resolved (boolean|string) details value should be "(.*)", the variant should be "(.*)", and the reason should be "(.*)"$/,
    function (type, value, variant, reason) {
        assert.deepEqual([this.details.value, this.details.variant, this.details.reason], [typed(type, value), variant, reason]);
    });
Then(/^the resolved (?:integer|float) details value should be ([\d.]+), the variant should be "(.*)", and the reason should be "(.*)"$/,
    function (value, variant, reason) {
        assert.deepEqual([this.details.value, this.details.variant, this.details.reason], [Number(value), variant, reason]);
    });
Then(/^the resolved object (?:details )?value should be contain fields "(.*)", "(.*)", and "(.*)", with values "(.*)", "(.*)" and (\d+), respectively$/,
    function (a, b, c, va, vb, vc) {
        assert.deepEqual(this.details.value, { [a]: va === 'true', [b]: vb, [c]: Number(vc) });
    });
Then('the variant should be {string}, and the reason should be {string}', function (variant, reason) {
    assert.deepEqual([this.details.variant, this.details.reason], [variant, reason]);
});
Then('the resolved string response should be {string}', function (value) {
    assert.equal(this.details.value, value);
});
Then('the resolved flag value is {string} when the context is empty', async function (value) {
    this.context = {};
    await this.evaluate();
    assert.equal(this.details.value, value);
});
Then(/^the default (?:string|integer) value should be returned$/, function () {
    assert.equal(this.details.value, this.asked.fallback);
});
Then(/^the reason should indicate an error and the error code should indicate an? (?:missing flag|type mismatch) with "(.*)"$/,
    function (code) {
        assert.deepEqual([this.details.reason, this.details.errorCode], ['ERROR', code]);
    });
