// Every worked case of tests/conformance, through each way that a question can be asked from JavaScript; answers are compared
// member for member.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Client, ExpplatError, User } from 'expplat';

import { isSayable, membersOf, parseExactly } from './exact_json.mjs';
import { conformance } from './folders.mjs';

const sets = [
    'vectors/edges', 'vectors/random-1', 'vectors/random-2', 'vectors/random-3', 'vectors/random-4', 'vectors/random-5',
    'vectors/random-6', 'brave-studies', 'own',
];

function lines(...path) {
    return readFileSync(join(conformance, ...path), 'utf8').split('\n').filter((line) => line.trim() !== '');
}

/** The case's key and the text of its user, where the line is a case with a user that can be read. */
function question(line) {
    try {
        const members = membersOf(line);
        const keys = members.filter(({ name }) => name === 'key');
        const users = members.filter(({ name }) => name === 'user');
        if (keys.length !== 1 || typeof keys[0].value !== 'string' || users.length !== 1) return undefined;
        return { key: keys[0].value, text: users[0].text, value: users[0].value };
    } catch {
        return undefined;
    }
}

for (const set of sets) {
    test(set, () => {
        const client = Client.openSync({ source: { file: join(conformance, set, 'ruleset.json') } });
        const cases = lines(set, 'cases.jsonl');
        const answers = lines(set, 'answers.jsonl').map(parseExactly);
        assert.equal(cases.length, answers.length);
        assert.notEqual(cases.length, 0);
        const asked = { text: 0, resident: 0, object: 0 };

        cases.forEach((line, i) => {
            const expected = answers[i];
            assert.deepEqual({ ...client.evaluateCase(line) }, expected, `case ${i + 1}: ${line}`);
            ++asked.text;
            assert.deepEqual(Object.keys(client.evaluateCase(line)), Object.keys(expected), 'in the order of the page');

            const { key, text, value } = question(line) ?? {};
            if (key === undefined) return;
            let user;
            try {
                user = User.fromJSON(text);
            } catch (error) {
                assert.ok(error instanceof SyntaxError || error instanceof RangeError, `case ${i + 1}: ${error}`);
                assert.equal(expected.error, 'PARSE_ERROR', `case ${i + 1}: ${error}`);
                return;
            }
            if (expected.error === 'PARSE_ERROR') return; // one level of nesting less in a line
            ++asked.resident;
            for (const answer of [
                client.evaluate(key, user), client.handle(key).evaluate(user), client.variant(key, user),
                client.evaluate(key, user),
            ]) {
                assert.deepEqual({ ...answer }, expected, `case ${i + 1}: ${line}`);
            }
            if (!isSayable(text)) return;
            ++asked.object;
            assert.deepEqual({ ...client.evaluate(key, value) }, expected, `case ${i + 1} as an object: ${line}`);
            if (typeof (value.key ?? '') !== 'string') return;
            assert.deepEqual(
                { ...client.evaluate(key, new User(value.key, value.attributes)) }, expected, `case ${i + 1} as a User: ${line}`);
        });
        assert.ok(asked.object > cases.length / 2, `of ${cases.length} cases only ${asked.object} were asked as objects`);
        client.closeSync();
    });
}

test('evaluateAll has every answer in the order of the document', () => {
    const client = Client.openSync({ source: { file: join(conformance, 'brave-studies', 'ruleset.json') } });
    const document = JSON.parse(readFileSync(join(conformance, 'brave-studies', 'ruleset.json'), 'utf8'));
    const keys = [...Object.keys(document.flags ?? {}), ...Object.keys(document.experiments ?? {})];
    const user = new User('user-1', { country: 'DE' });
    const all = client.evaluateAll(user);
    assert.deepEqual(all.map(({ key }) => key), keys);
    for (const answer of all) assert.deepEqual(answer, client.evaluate(answer.key, user));
    assert.deepEqual(client.evaluateAll({ key: 'user-1', attributes: { country: 'DE' } }), all);
    assert.ok(client.evaluateAll(null).every(({ error }) => error === 'PARSE_ERROR'));
    client.closeSync();
});

test('what RULESET.md refuses is refused, with its pointer first', async () => {
    let refused = 0;
    for (const line of lines('vectors', 'invalid.jsonl')) {
        const members = membersOf(line);
        const member = (name) => members.find((found) => found.name === name);
        const text = member('text')?.value ?? member('ruleset').text;
        const pointer = member('pointer').value;
        let error;
        try {
            (await Client.open({ source: { text } })).closeSync();
        } catch (thrown) {
            error = thrown;
        }
        // A client is tolerant: it adopts what is only unknown. What it refuses it refuses at the same place.
        if (error === undefined) continue;
        ++refused;
        assert.ok(error instanceof ExpplatError, `${error}`);
        assert.equal(error.code, 'invalid_ruleset');
        assert.notEqual(pointer, null, `${line}: ${error.message}`);
        assert.ok(error.message.includes(`${pointer}: `), `${line}: ${error.message}`);
    }
    assert.ok(refused > 50, `${refused}`);
});
