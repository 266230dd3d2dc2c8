// The evaluator: one instance of the WebAssembly module, which loads rulesets and keeps users.
import { Description } from './description.js'
import { Engine, ExpplatError } from './engine.js'
import { parseUser } from './user_json.js'
import { Ruleset } from './ruleset.js'
import { User } from './user.js'

const largestCode = 13
const refusals = {
    1: ['invalid_argument', 'the image is not aligned'],
    5: ['invalid_image', 'these bytes are no image of a ruleset (`expplat compile` makes one of JSON), or a damaged one'],
    6: ['image_version', 'an image of another release: compile it again from its JSON'],
    7: ['too_large', 'the image is larger than is allowed'],
}

export class Expplat {
    #engine
    #description

    constructor(engine) {
        this.#engine = engine
        this.#description = new Description(engine)
    }

    /** `module` is the WebAssembly: its bytes, or a compiled `WebAssembly.Module`. */
    static async of(module) {
        const compiled = module instanceof WebAssembly.Module ? module : await WebAssembly.compile(module)
        return new Expplat(await Engine.instantiate(compiled))
    }

    /** Verifies the image of a ruleset (`expplat compile`) and loads it. The bytes are copied. */
    load(image) {
        const bytes = bytesOf(image)
        const engine = this.#engine
        const address = engine.allocate(bytes.length + 1)
        engine.bytes.set(bytes, address)
        const ruleset = engine.guarded((exports) => exports.ruleset_load(address, bytes.length))
        if (ruleset <= largestCode) throw new ExpplatError(...refusals[ruleset])
        return new Ruleset(engine, this.#description, ruleset)
    }

    /** A user for many questions: `{ key, attributes }`. */
    user(user) {
        return new User(this.#engine, this.#description, user)
    }

    /** The same from JSON text, as docs/RULESET.md reads it: integers of 64 bits, and `3.0` is a double. */
    userFromJson(text) {
        return new User(this.#engine, this.#description, parseUser(text))
    }
}

function bytesOf(image) {
    if (ArrayBuffer.isView(image)) return new Uint8Array(image.buffer, image.byteOffset, image.byteLength)
    if (image instanceof ArrayBuffer) return new Uint8Array(image)
    throw new TypeError('an image is an ArrayBuffer or a view of one')
}
