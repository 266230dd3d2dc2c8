// Memory stays flat over a million questions, and what is freed, closed or collected is used again.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { compile, open, moduleBytes, root } from './built_package.mjs'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const image = compile(join(root, 'examples/quickstart.json'))

/** An evaluator whose memory can be seen: every instance that is made while it is opened. */
async function openSeen() {
    const { instantiate } = WebAssembly
    let memory = null
    WebAssembly.instantiate = async (...given) => {
        const instance = await instantiate(...given)
        memory = instance.exports.memory
        return instance
    }
    try {
        const expplat = await open(moduleBytes())
        return { expplat, bytes: () => memory.buffer.byteLength }
    } finally {
        WebAssembly.instantiate = instantiate
    }
}

const user = (i) => ({ key: `user-${i}`, attributes: { country: 'DE', [`name-${i % 20_000}`]: i, list: [i, `${i}`] } })

test('a million questions', async () => {
    const { expplat, bytes } = await openSeen()
    const ruleset = expplat.load(image)
    const resident = expplat.user(user(1))
    const ask = (count) => {
        for (let i = 0; i < count; ++i) {
            ruleset.variant('checkout-cta', resident)
            ruleset.variant('new-ui', user(i))
        }
    }
    ask(50_000)
    collect()
    const [before, heap] = [bytes(), process.memoryUsage().heapUsed]
    ask(500_000)
    collect()
    assert.equal(bytes(), before)
    assert.ok(process.memoryUsage().heapUsed - heap < 1 << 20)
})

test('rulesets and users that come and go', async () => {
    const { expplat, bytes } = await openSeen()
    const turn = () => {
        const ruleset = expplat.load(image)
        const resident = expplat.user(user(7))
        assert.equal(ruleset.variant('new-ui', resident).error, null)
        resident.free()
        ruleset.close()
    }
    turn()
    const before = bytes()
    for (let i = 0; i < 20_000; ++i) turn()
    assert.equal(bytes(), before)
})

test('rulesets and users that nobody frees are collected', async () => {
    const { expplat, bytes } = await openSeen()
    for (let round = 0; round < 100; ++round) {
        for (let i = 0; i < 100; ++i) {
            expplat.load(image).variant('new-ui', expplat.user(user(i)))
        }
        collect()
        await new Promise((resolve) => setImmediate(resolve)) // finalisers run between turns
    }
    // 10,000 of each without any being freed: more than 40 MiB.
    assert.ok(bytes() < 8 << 20, `${bytes()} bytes`)
})
