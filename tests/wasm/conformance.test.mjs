// Every worked case of tests/conformance, member for member, through both builds: the one without an engine for patterns
// answers what reaches one with ERROR / GENERAL, as docs/RULESET.md has it for what is unsupported.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCase } from './case_line.mjs'
import { builds, compile, hasPatterns, openBuild, parseJson, root } from './built_package.mjs'
import { patternReach } from './pattern_reach.mjs'

const sets = ['own', 'brave-studies', 'vectors/edges', ...[1, 2, 3, 4, 5, 6].map((n) => `vectors/random-${n}`)]
const members = ['key', 'variant', 'value', 'reason', 'rule', 'error', 'exposure', 'version']

const lines = (path) =>
    readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')

/** An answer where every flag is unsupported that reaches a pattern. */
function withoutPatterns(answer, unsupported) {
    if (!unsupported.has(answer.get('key')) || answer.get('error') === 'PARSE_ERROR') return answer
    const none = { variant: null, value: null, reason: 'ERROR', rule: null, error: 'GENERAL', exposure: false }
    return new Map([...answer, ...Object.entries(none)])
}

/** The answer to a resident user, which is that to the same user described for this one question. */
function ask(expplat, ruleset, { key, user }) {
    if (key === null || user === null) return ruleset.evaluateJson(key, null)
    let resident
    try {
        resident = expplat.userFromJson(user)
    } catch (error) {
        // What a user's text is refused for, the ruleset answers for no user at all.
        assert.equal(error.code, 'invalid_argument', error.stack)
        return ruleset.evaluateJson(key, null)
    }
    const answer = ruleset.evaluateJson(key, resident)
    resident.free()
    const members = parseJson(user)
    const described = { key: members.get('key'), attributes: members.get('attributes') }
    assert.equal(ruleset.evaluateJson(key, described), answer)
    return answer
}

for (const build of builds) {
    for (const set of sets) {
        test(`${build}: ${set}`, async () => {
            const folder = join(root, 'tests/conformance', set)
            const expplat = await openBuild(build)
            const ruleset = expplat.load(compile(join(folder, 'ruleset.json')))
            const unsupported = hasPatterns(build)
                ? new Set()
                : patternReach(JSON.parse(readFileSync(join(folder, 'ruleset.json'), 'utf8')))
            assert.equal(ruleset.unsupported, unsupported.size)
            const cases = lines(join(folder, 'cases.jsonl'))
            const answers = lines(join(folder, 'answers.jsonl'))
            assert.equal(cases.length, answers.length)
            cases.forEach((line, i) => {
                const got = parseJson(ask(expplat, ruleset, readCase(line)))
                assert.deepEqual([...got.keys()], members)
                assert.deepEqual(got, withoutPatterns(parseJson(answers[i]), unsupported), `case ${i + 1}: ${line}`)
            })
        })
    }
}
