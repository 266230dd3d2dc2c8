// Hostile images: whatever the bytes, they are refused or evaluate safely.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ExpplatError, builds, compile, openBuild, root } from './built_package.mjs'

const image = compile(join(root, 'examples/quickstart.json'))
const user = { key: 'ann', attributes: { country: 'DE', app_version: '2.5.1', beta: true } }
const checksumAt = 32
const mask = 2n ** 64n - 1n

/** As `include/expplat/image/checksum.hpp` has it. */
function checksum(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const lanes = [0x243f6a8885a308d3n, 0x13198a2e03707344n, 0xa4093822299f31d0n, 0x082efa98ec4e6c89n]
    const step = (lane, value) => {
        const product = ((lane ^ value) * 0x9fb21c651e98df25n) & mask
        return ((product << 29n) & mask) | (product >> 35n)
    }
    for (let at = 0; at < bytes.length; at += 8) {
        const lane = (at / 8) % 4
        lanes[lane] = step(lanes[lane], at === checksumAt ? 0n : view.getBigUint64(at, true))
    }
    return lanes.reduce((result, lane) => {
        const next = step(result, lane)
        return next ^ (next >> 31n)
    }, BigInt(bytes.length))
}

function seal(bytes) {
    new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(checksumAt, checksum(bytes), true)
    return bytes
}

/** True where the image was accepted; then every question about it is asked. */
function survives(expplat, bytes) {
    let ruleset
    try {
        ruleset = expplat.load(bytes)
    } catch (error) {
        assert.ok(error instanceof ExpplatError, error.stack)
        return false
    }
    for (const answer of ruleset.evaluateAll(user)) assert.equal(typeof answer.reason, 'string')
    ruleset.close()
    return true
}

for (const build of builds) {
    test(`${build}: every flipped byte is refused by the checksum`, async () => {
        const expplat = await openBuild(build)
        for (let at = 0; at < image.length; ++at) {
            const bytes = Uint8Array.from(image)
            bytes[at] ^= 0xff
            assert.equal(survives(expplat, bytes), false, `byte ${at}`)
        }
        assert.ok(survives(expplat, image))
    })

    test(`${build}: every flipped byte under a right checksum is refused or evaluates safely`, async () => {
        const expplat = await openBuild(build)
        assert.ok(survives(expplat, seal(Uint8Array.from(image))), 'the checksum here is the image’s')
        let accepted = 0
        for (let at = 0; at < image.length; ++at) {
            for (const flip of [0x01, 0x80, 0xff]) {
                const bytes = Uint8Array.from(image)
                bytes[at] ^= flip
                if (survives(expplat, seal(bytes))) ++accepted
            }
        }
        assert.ok(accepted > 0 && accepted < image.length * 3)
    })
}

test('what is cut off, empty or no bytes at all is refused', async () => {
    const expplat = await openBuild()
    for (let size = 0; size < image.length; size += 7) assert.equal(survives(expplat, image.subarray(0, size)), false)
    for (const wrong of [undefined, null, 'image', 5, {}, [1, 2]]) assert.throws(() => expplat.load(wrong), TypeError)
    assert.throws(() => expplat.load(new Uint8Array(64)), { code: 'invalid_image' })
    const json = readFileSync(join(root, 'examples/quickstart.json'))
    assert.throws(() => expplat.load(json), { code: 'invalid_image', message: /expplat compile/ })
    const other = Uint8Array.from(image)
    other[12] ^= 1 // the image's version
    assert.throws(() => expplat.load(seal(other)), { code: 'image_version' })
    assert.ok(survives(expplat, new DataView(image.buffer, image.byteOffset, image.length)))
})
