// Users of every shape that JavaScript has: what counts, what is absent, what is refused; and that nothing throws.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Real, compile, document, openBuild } from './built_package.mjs'

const flag = (condition) => ({
    type: 'boolean',
    variants: { yes: true, no: false },
    off: 'no',
    rules: [{ if: condition, serve: 'yes' }],
    default: 'no',
})

const expplat = await openBuild()

/** A ruleset of one flag, `f`, that is true where the condition holds. */
const asking = (condition) => expplat.load(compile(document({ f: flag(condition) })))

/** Described for the call and resident give the same. */
function ask(ruleset, user) {
    const described = ruleset.variant('f', user)
    const resident = expplat.user(user)
    assert.deepEqual(ruleset.variant('f', resident), described)
    resident.free()
    return described.value
}

const attributes = (members) => ({ key: 'u', attributes: members })

test('integral numbers up to 2^53 are integers', () => {
    const unit = { type: 'string', variants: { a: 'a', b: 'b' }, off: 'a' }
    const split = { split: [{ variant: 'b', weight: 1 }], unit: 'n' }
    const ruleset = expplat.load(compile(document({ f: { ...unit, default: split } })))
    // Only an integer can be a unit, so the split tells the kinds apart.
    for (const n of [0, -0, 5, -5, 2 ** 53, -(2 ** 53), 7n, 2n ** 63n - 1n]) assert.equal(ask(ruleset, attributes({ n })), 'b')
    for (const n of [0.5, 2 ** 53 + 2, 1e300, NaN, Infinity, 2n ** 63n, new Real(3)]) {
        assert.equal(ask(ruleset, attributes({ n })), 'a')
    }
})

test('bigints of 64 bits are exact', () => {
    const ruleset = asking({ attribute: 'n', greater_than: 9007199254740992 })
    assert.equal(ask(ruleset, attributes({ n: 2n ** 53n + 1n })), true)
    assert.equal(ask(ruleset, attributes({ n: 2n ** 53n })), false)
    assert.equal(ask(ruleset, attributes({ n: -(2n ** 63n) })), false)
})

test('objects and maps are flattened, null is absent, the last spelling wins', () => {
    const ruleset = asking({ attribute: 'device.os', is: 'ios' })
    assert.equal(ask(ruleset, attributes({ device: { os: 'ios' } })), true)
    assert.equal(ask(ruleset, attributes({ 'device.os': 'ios' })), true)
    assert.equal(ask(ruleset, attributes(new Map([['device', new Map([['os', 'ios']])]]))), true)
    assert.equal(ask(ruleset, attributes({ 'device.os': 'android', device: { os: 'ios' } })), true)
    assert.equal(ask(ruleset, attributes({ device: { os: 'ios' }, 'device.os': 'android' })), false)
    assert.equal(ask(ruleset, attributes({ device: { os: 'ios' }, 'device.os': null })), true)
    assert.equal(ask(ruleset, attributes(Object.create({ 'device.os': 'ios' }))), false)
})

test('lists hold scalars; what is none in them is ignored', () => {
    const ruleset = asking({ attribute: 'tags', is: 'b' })
    assert.equal(ask(ruleset, attributes({ tags: ['a', 'b'] })), true)
    assert.equal(ask(ruleset, attributes({ tags: [['b'], { b: 'b' }, null, 'a'] })), false)
    const many = Array.from({ length: 5000 }, (_, i) => `t${i}`)
    assert.equal(ask(ruleset, attributes({ tags: [...many, 'b'], other: many })), true)
    assert.equal(ask(asking({ attribute: 'tags', exists: true }), attributes({ tags: [] })), true)
})

test('dates are instants; functions and symbols are absent', () => {
    const ruleset = asking({ attribute: 'at', after: '2020-01-01T00:00:00Z' })
    assert.equal(ask(ruleset, attributes({ at: new Date('2021-01-01') })), true)
    assert.equal(ask(ruleset, attributes({ at: new Date('2019-01-01') })), false)
    const exists = asking({ attribute: 'at', exists: true })
    for (const at of [new Date(NaN), () => 1, Symbol('s'), undefined, null]) {
        assert.equal(ask(exists, attributes({ at })), false)
    }
})

test('the name key is the user’s key and cannot be set', () => {
    assert.equal(ask(asking({ attribute: 'key', is: 'u' }), attributes({ key: 'v' })), true)
    assert.equal(ask(asking({ attribute: 'key', is: 'v' }), attributes({ key: ['v'] })), false)
})

test('text is UTF-8 whatever its characters', () => {
    const ruleset = asking({ attribute: 'stadt', is: 'Zürich 🏔' })
    assert.equal(ask(ruleset, attributes({ stadt: 'Zürich 🏔' })), true)
    assert.equal(ask(asking({ attribute: 'größe', is: 1 }), attributes({ größe: 1 })), true)
    const long = 'ß'.repeat(100_000)
    assert.equal(ask(asking({ attribute: 'a', ends_with: 'ß!' }), attributes({ a: `${long}!`, b: long })), true)
})

test('what one user left in memory is nothing to the next', () => {
    const ruleset = asking({ all: [{ attribute: 'a', is: 'one' }, { attribute: 'b', is: 'two' }] })
    const users = [
        [{ a: 'one', b: 'two' }, true],
        [{ a: 'ONE', b: 2 }, false],
        [{ a: 'one', b: 'two' }, true],
        [{ a: 'a much longer text than before' }, false],
        [{ a: 'one', b: 'two' }, true],
        [{ a: ['x', 'one'], b: 'two' }, true],
        [{ a: 'one', b: 'two' }, true],
        [{ b: 'two', a: 'one' }, true],
    ]
    for (const [members, expected] of users) assert.equal(ask(ruleset, attributes(members)), expected)
})

test('what is no user answers PARSE_ERROR for a call and throws when it is made resident', () => {
    const ruleset = asking({ attribute: 'a', exists: false })
    const cyclic = {}
    cyclic.again = cyclic
    const broken = [
        undefined,
        null,
        1,
        'u',
        () => ({}),
        attributes([]),
        attributes(5),
        attributes(cyclic),
        attributes({ a: '\ud800' }),
        attributes({ '\udc00': 1 }),
        { key: '\ud800' },
        { get key() { throw new Error('no') } },
        attributes({ get a() { throw new Error('no') } }),
        new Proxy({}, { get: () => { throw new Error('no') } }),
        // The answer for the user is asked while it is being described.
        attributes({ get a() { return expplat.user({ key: 'v' }) } }),
    ]
    for (const user of broken) {
        const answer = ruleset.variant('f', user)
        assert.deepEqual([answer.error, answer.reason, answer.value], ['PARSE_ERROR', 'ERROR', null])
        assert.equal(ruleset.boolean('f', user, 'mine'), 'mine')
        assert.throws(() => expplat.user(user))
    }
    assert.equal(ruleset.variant('f', { key: 'u' }).value, true)
})

test('an array or a Map is no user', () => {
    const ruleset = asking({ attribute: 'a', exists: false })
    for (const user of [[], [{ key: 'u' }], new Map([['key', 'u']])]) {
        assert.equal(ruleset.variant('f', user).error, 'PARSE_ERROR')
        assert.throws(() => expplat.user(user), { code: 'invalid_argument', message: 'user: expected an object' })
    }
})

test('a user of another evaluator, or one that was freed, is none', async () => {
    const ruleset = asking({ attribute: 'a', exists: false })
    const user = expplat.user({ key: 'u' })
    assert.equal(ruleset.variant('f', user).error, null)
    user.free()
    user.free()
    assert.equal(ruleset.variant('f', user).error, 'PARSE_ERROR')
    assert.equal(ruleset.variant('f', (await openBuild()).user({ key: 'u' })).error, 'PARSE_ERROR')
    assert.equal(ruleset.variant('f', Object.create(Object.getPrototypeOf(user))).error, 'PARSE_ERROR')
})

test('more than a user may have is refused', () => {
    const ruleset = asking({ attribute: 'a', exists: false })
    const many = Object.fromEntries(Array.from({ length: 50_001 }, (_, i) => [`a${i}`, i]))
    assert.equal(ruleset.variant('f', attributes(many)).error, 'PARSE_ERROR')
    assert.throws(() => expplat.user(attributes(many)), { code: 'too_large' })
    assert.equal(ruleset.variant('f', { key: 'u'.repeat(70 << 20) }).error, 'PARSE_ERROR')
    assert.equal(ruleset.variant('f', { key: 'u' }).error, null)
})

test('JSON text is read as the ruleset format reads it', () => {
    const refused = ['', '{', '[]', '"u"', '{"key":"u","key":"u"}', '{"key":"\\ud800"}', '{"a":01}', '{"a":1e999}', '{} x', '{"attributes":1}']
    for (const text of refused) assert.throws(() => expplat.userFromJson(text), { code: 'invalid_argument' }, text)
    assert.throws(() => expplat.userFromJson({}), TypeError)
    const ruleset = asking({ attribute: '__proto__.x', is: 9007199254740993n.toString() })
    const user = expplat.userFromJson('{"key":"u","attributes":{"__proto__":{"x":"9007199254740993"}}}')
    assert.equal(ruleset.variant('f', user).value, true)
})

test('any shape drawn at random is answered', () => {
    const ruleset = asking({ any: [{ attribute: 'a', is: 1 }, { attribute: 'b.a', contains: 'x' }, { attribute: 'c', exists: true }] })
    let state = 1
    const random = (below) => (state = (state * 48271) % 2147483647) % below
    const scalars = [null, undefined, true, 0, -1, 2 ** 60, 1.5, NaN, 10n ** 30n, -(2n ** 63n), '', 'x', 'ü', '\ud83d', '🏔', new Date(0), Symbol.iterator, () => 1, /x/, new Uint8Array(3)]
    const names = ['a', 'b', 'c', 'key', '', '__proto__', 'a.b', 'ß', 'toString', '\ud800', 'length']
    const shape = (depth) => {
        const kind = random(depth > 4 ? 1 : 5)
        if (kind < 2) return scalars[random(scalars.length)]
        const size = random(6)
        if (kind === 2) return Array.from({ length: size }, () => shape(depth + 1))
        const members = Array.from({ length: size }, () => [names[random(names.length)], shape(depth + 1)])
        return kind === 3 ? Object.fromEntries(members) : new Map(members)
    }
    for (let i = 0; i < 20_000; ++i) {
        const user = i % 3 === 0 ? shape(0) : { key: shape(4), attributes: shape(0) }
        const { error } = ruleset.variant(i % 7 === 0 ? shape(3) : 'f', user)
        assert.ok(error === null || error === 'PARSE_ERROR' || error === 'FLAG_NOT_FOUND', error)
    }
})

test('a user whose attributes have the names of the one before answers as if alone', () => {
    const conditions = [
        { attribute: 'country', in: ['DE', 'FR'] },
        { attribute: 'app_version', version_at_least: '4.3' },
        { attribute: 'a name of more than seven bytes', is: 'x'.repeat(300) },
        { attribute: 'level', greater_than: 10 },
        { attribute: 'tags', is: 'b' },
        { attribute: 'device.os', is: 'ios' },
        { attribute: 'key', version_below: '2' },
        { attribute: 'country', exists: false },
    ]
    const flags = conditions.map((condition, i) => [`f${i}`, flag(condition)])
    const half = { split: [{ variant: 'yes', weight: 1 }, { variant: 'no', weight: 1 }] }
    flags.push(['half', { ...flag({ attribute: 'country', is: 'never' }), default: half }])
    const ruleset = expplat.load(compile(document(Object.fromEntries(flags))))
    let state = 7
    const random = (below) => (state = (state * 48271) % 2147483647) % below
    const one = (values) => values[random(values.length)]
    const shapes = [
        () => ({ country: one(['DE', 'FR', 'US', 3, true]), app_version: one(['4.2', '4.3.0', '4.3.0-rc.1', '10']), level: random(20) }),
        () => ({ country: one(['DE', 'US', null]), 'a name of more than seven bytes': 'x'.repeat(one([1, 299, 300])) }),
        () => ({ tags: Array.from({ length: random(4) }, () => one(['a', 'b', 1])), level: random(20), country: 'FR' }),
        () => ({ 'device.os': one(['ios', 'android']), device: { os: one(['ios', 'android']) }, level: 11 }),
        () => ({ country: one(['FR', '\ud83d']), level: one([1.5, 11, 2n ** 60n, undefined]) }),
        () => ({}),
    ]
    const keys = [undefined, 'u', '1.2', '10.0', 'user-42', 'k'.repeat(500)]
    let shape = shapes[0]
    let key = 'u'
    let described = 0
    for (let i = 0; i < 3_000; ++i) {
        if (random(4) === 0) shape = one(shapes)
        if (random(3) === 0) key = one(keys)
        const user = { key, attributes: shape() }
        const answers = ruleset.evaluateAll(user)
        let resident
        try {
            resident = expplat.user(user)
        } catch {
            for (const answer of answers) assert.equal(answer.error, 'PARSE_ERROR')
            continue
        }
        assert.deepEqual(answers, ruleset.evaluateAll(resident))
        resident.free()
        ++described
    }
    assert.ok(described > 2_000)
})

test('a long key before leaves the next user of the same names its room', async () => {
    const own = await openBuild() // it keeps the memory that it grows to
    const ruleset = own.load(compile(document({ f: flag({ attribute: 'a', exists: true }) })))
    for (const [keySize, valueSize] of [[1, 1], [55 << 20, 1], [1, 10 << 20]]) {
        const { value, error } = ruleset.variant('f', { key: 'k'.repeat(keySize), attributes: { a: 'v'.repeat(valueSize) } })
        assert.deepEqual({ value, error }, { value: true, error: null })
    }
})
