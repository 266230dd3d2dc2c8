// What an answer says, by key and by handle, of each type; and what a closed ruleset says.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { builds, compile, document, folder, moduleBytes, open, openBuild } from './built_package.mjs'

const fixed = (type, value, more) => ({ type, variants: { only: value }, off: 'only', default: 'only', ...more })
const flags = {
    boolean: fixed('boolean', true),
    integer: fixed('integer', 5),
    number: fixed('double', 2.5),
    string: fixed('string', 'ü'),
    object: fixed('object', { list: [1, { deep: null }] }),
}
const user = { key: 'u' }

const expplat = await openBuild()
const ruleset = expplat.load(compile(document(flags)))

test('each type has its value, and the fallback for the others', () => {
    assert.equal(ruleset.version, 7)
    assert.equal(ruleset.environment, 'test')
    assert.equal(ruleset.unsupported, 0)
    const types = Object.keys(flags)
    for (const key of types) {
        for (const type of types) {
            const detail = ruleset[`${type}Detail`](key, user, 'mine')
            assert.equal(ruleset[type](key, user, 'mine'), detail.value)
            assert.deepEqual(ruleset.handle(key)[`${type}Detail`](user, 'mine'), detail)
            if (key === type) {
                assert.deepEqual(detail.value, Object.values(flags[key].variants)[0])
                assert.deepEqual([detail.reason, detail.error, detail.variant], ['DEFAULT', null, 'only'])
            } else {
                assert.deepEqual([detail.value, detail.reason, detail.error], ['mine', 'ERROR', 'TYPE_MISMATCH'])
            }
        }
    }
    assert.equal(ruleset.boolean('unknown', user, 'mine'), 'mine')
})

test('an answer is frozen and has the members of the page, in its order', () => {
    const answer = ruleset.variant('object', user)
    assert.deepEqual(Object.keys(answer), ['key', 'variant', 'value', 'reason', 'rule', 'error', 'exposure', 'version'])
    assert.ok(Object.isFrozen(answer) && Object.isFrozen(answer.value) && Object.isFrozen(answer.value.list[1]))
    assert.equal(ruleset.variant('object', user), answer)
})

test('integers over 2^53 are bigints, and exact as JSON', () => {
    const text = JSON.stringify(document({ f: fixed('integer', 1), g: fixed('integer', 2), h: fixed('double', 3.5) }))
        .replaceAll('"only":1', '"only":9007199254740993')
        .replaceAll('"only":2', '"only":-9007199254740992')
    const large = expplat.load(compile(text))
    assert.equal(large.integer('f', user, 0), 9007199254740993n)
    assert.equal(large.integer('g', user, 0), -(2 ** 53))
    assert.match(large.evaluateJson('f', user), /"value": 9007199254740993,/)
    assert.match(large.evaluateJson('h', user), /"value": 3\.5,/)
})

test('unknown keys, and what is no key', () => {
    for (const key of ['unknown', '', 'ü', 'x'.repeat(1 << 20), '\ud800']) {
        assert.equal(ruleset.variant(key, user).error, 'FLAG_NOT_FOUND')
        assert.equal(ruleset.variant(key, user).key, key)
    }
    for (const key of [undefined, null, 1, {}, Symbol('s')]) {
        const answer = ruleset.variant(key, user)
        assert.deepEqual([answer.key, answer.error], [null, 'PARSE_ERROR'])
        assert.throws(() => ruleset.handle(key), TypeError)
    }
})

test('all answers, in document order', () => {
    assert.deepEqual(ruleset.keys(), Object.keys(flags))
    assert.deepEqual(ruleset.evaluateAll(user).map(({ key }) => key), Object.keys(flags))
})

test('a closed ruleset answers PROVIDER_NOT_READY, and so do its handles', () => {
    const closing = expplat.load(compile(document(flags)))
    const handle = closing.handle('boolean')
    assert.equal(handle.boolean(user, null), true)
    closing.close()
    closing.close()
    assert.equal(handle.variant(user).error, 'PROVIDER_NOT_READY')
    assert.equal(closing.variant('string', user).error, 'PROVIDER_NOT_READY')
    assert.deepEqual(closing.evaluateAll(user), [])
    assert.equal(ruleset.boolean('boolean', user, null), true)
})

test('a ruleset that a getter of the user closes is not read any more', () => {
    const closing = expplat.load(compile(document(flags)))
    const closes = {
        key: 'u',
        get attributes() {
            closing.close()
            return {}
        },
    }
    assert.equal(closing.handle('boolean').variant(closes).error, 'PROVIDER_NOT_READY')
})

test('a flag of many rules keeps its answers apart', () => {
    const rules = Array.from({ length: 300 }, (_, i) => ({
        id: `r${i}`,
        if: { attribute: 'n', is: i },
        serve: i % 2 === 0 ? 'even' : 'odd',
    }))
    const variants = { even: 'even', odd: 'odd', none: 'none' }
    const many = expplat.load(compile(document({ f: { type: 'string', variants, off: 'none', default: 'none', rules } })))
    for (const round of [1, 2]) {
        for (let n = 0; n < 300; ++n) {
            const answer = many.variant('f', { key: 'u', attributes: { n } })
            assert.deepEqual([answer.rule, answer.value], [`r${n}`, n % 2 === 0 ? 'even' : 'odd'], `round ${round}`)
        }
    }
})

test('a module may be given in every form, as edge runtimes demand too', async () => {
    const bytes = moduleBytes()
    const headers = { 'content-type': 'application/wasm' }
    const file = pathToFileURL(join(folder, 'expplat.wasm'))
    const forms = [file, file.href, bytes, bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), new WebAssembly.Module(bytes), new Response(bytes, { headers }), Promise.resolve(new Response(bytes)), undefined]
    for (const form of forms) assert.ok((await open(form)).load(compile(document(flags))).boolean('boolean', user, false))
    const { compile: forbidden } = WebAssembly
    WebAssembly.compile = () => assert.fail('compiled at run time')
    try {
        await open(new WebAssembly.Module(bytes))
    } finally {
        WebAssembly.compile = forbidden
    }
    await assert.rejects(open(new Response('', { status: 404 })), TypeError)
    await assert.rejects(open(new Uint8Array(8)), WebAssembly.CompileError)
    const other = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))
    await assert.rejects(open(other), { code: 'invalid_argument' })
})

test('patterns are RE2’s where it is in the build', { skip: !builds.includes('patterns.wasm') && 'no build with patterns' }, async () => {
    const rules = [{ if: { attribute: 'a', matches: '^(a+)+$', ignore_case: true }, serve: 'yes' }]
    const flag = { type: 'boolean', variants: { yes: true, no: false }, off: 'no', default: 'no', rules }
    const image = compile(document({ f: flag }))
    const matching = (await openBuild('patterns.wasm')).load(image)
    assert.equal(matching.boolean('f', { key: 'u', attributes: { a: 'AAA' } }, null), true)
    // Exponential in an engine that backtracks.
    assert.equal(matching.boolean('f', { key: 'u', attributes: { a: `${'a'.repeat(100_000)}!` } }, null), false)
    assert.equal(expplat.load(image).variant('f', user).error, 'GENERAL')
    assert.equal(expplat.load(image).unsupported, 1)
})
