// An instance of the module: its memory, and texts in and out of it. Everything else asks it by addresses.
//
// Views of the memory are made anew when it grows, which happens inside of calls: read `engine.words` after a call, never
// keep it over one.

/** Keys are shorter (RULESET.md, section 1); all that is longer is unknown. */
export const longestKey = 128

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** What goes wrong at set-up. `code` is one of the library's error codes. */
export class ExpplatError extends Error {
    constructor(code, message) {
        super(message)
        this.name = 'ExpplatError'
        this.code = code
    }
}

/** The module ends where it runs out of memory. */
function fail() {
    throw new WebAssembly.RuntimeError('out of memory')
}

/** True where the text is no Unicode: UTF-8 cannot say half of a surrogate pair. */
export const hasLoneSurrogate = (text) => /\p{Surrogate}/u.test(text)

export class Engine {
    static async instantiate(module) {
        const engine = new Engine()
        const imports = {
            env: { emscripten_notify_memory_growth: () => engine.#see() },
            // Asked by the C library as it starts: how many variables the environment has, and which.
            wasi_snapshot_preview1: {
                proc_exit: fail,
                environ_sizes_get: (count, size) => (engine.words[count >>> 2] = engine.words[size >>> 2] = 0),
                environ_get: () => 0,
            },
        }
        const { exports } = await WebAssembly.instantiate(module, imports)
        if (typeof exports.evaluate_described !== 'function') {
            throw new ExpplatError('invalid_argument', 'not the WebAssembly module of expplat')
        }
        engine.exports = exports
        engine.#see()
        exports._initialize()
        engine.#stack = exports.stackSave()
        engine.#key = engine.allocate(longestKey * 3)
        engine.answer = exports.last_answer() >>> 2
        return engine
    }

    #stack = 0
    #key = 0

    /** The exported functions; `answer` is the place in `words` of the last answer's variant, rule and rule's size. */
    exports = null
    answer = 0
    words = null
    bytes = null
    doubles = null

    #see() {
        const buffer = this.exports.memory.buffer
        this.bytes = new Uint8Array(buffer)
        this.words = new Uint32Array(buffer)
        this.doubles = new Float64Array(buffer)
    }

    /** The module ran out of memory in the middle of a call; the stack that was open then is given back. */
    recover() {
        this.exports.stackRestore(this.#stack)
    }

    /** The address that the call gives. Throws where there is no memory for it. */
    guarded(call) {
        try {
            return call(this.exports) >>> 0
        } catch (error) {
            if (!(error instanceof WebAssembly.RuntimeError)) throw error
            this.recover()
            throw new ExpplatError('too_large', 'out of memory')
        }
    }

    /** The address of the ruleset's flag or experiment of that key; 0 where there is none. */
    find(ruleset, key) {
        return this.exports.ruleset_find(ruleset, this.#key, this.write(key, this.#key)) >>> 0
    }

    /** The address of `size` bytes that are the caller's to release. */
    allocate(size) {
        const address = size < 2 ** 32 ? this.exports.allocate(size) >>> 0 : 0
        if (address === 0) throw new ExpplatError('too_large', `no memory for ${size} bytes`)
        return address
    }

    /** Writes the text as UTF-8 where three bytes for each of its units are free. The number of bytes. */
    write(text, at) {
        const { bytes } = this
        const { length } = text
        for (let i = 0; i < length; ++i) {
            const unit = text.charCodeAt(i)
            if (unit > 0x7f) return i + encoder.encodeInto(text.slice(i), bytes.subarray(at + i)).written
            bytes[at + i] = unit
        }
        return length
    }

    read(address, size) {
        return decoder.decode(this.bytes.subarray(address, address + size))
    }

    /** The text at the address of its size. */
    text(address) {
        return this.read(address + 4, this.words[address >>> 2])
    }
}
