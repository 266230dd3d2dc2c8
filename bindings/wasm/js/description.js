// A user as the module reads it: records of 24 bytes and the texts that they name (`src/description.hpp`).
//
// One `Description` serves all questions of an engine, one after another. What it wrote for the user before stays where it
// is: users mostly have the same attributes in the same order, and then the names need not be written again.
import { ExpplatError, hasLoneSurrogate } from './engine.js'

const BOOLEAN = 1
const INTEGER = 2
const NUMBER = 3
const STRING = 4
const LIST = 5
const WIDE_INTEGER = 7

const recordBytes = 24
const recordWords = recordBytes / 4
const recordDoubles = recordBytes / 8
const largestExact = 2 ** 53
const leastWide = -(2n ** 63n)
const mostWide = 2n ** 63n - 1n

// The bounds of `expplat/base/limits.hpp`.
const deepest = 64
const mostRecords = 1_050_000
const mostTextBytes = 64 << 20
const knownNames = 4096

// In a `for`-`in` over the object itself this costs nothing; `Object.hasOwn` looks each name up.
const hasOwn = Object.prototype.hasOwnProperty

/** A number that JSON wrote with a fraction or an exponent, or outside of 64 bits: a double even where it is integral. */
export class Real {
    constructor(number) {
        this.number = number
    }
}

/** The user is none that RULESET.md, section 2, allows: the answer is ERROR / PARSE_ERROR. */
export class UserError extends ExpplatError {
    constructor(message) {
        super('invalid_argument', `user: ${message}`)
    }
}

export class Description {
    #engine
    #records
    #recordCapacity = 64
    #texts
    #textCapacity = 4096
    #textSize = 0
    #names = new Map()
    #written = [] // the name of each record that stands there
    #strings = [] // the string of each record, and where it began: mostly the next user has it there too
    #offsets = []
    #sizes = []
    #fresh = 0 // records that the user before this one has written
    #sameNames = false
    #busy = false

    count = 0
    keySize = 0

    constructor(engine) {
        this.#engine = engine
        this.#records = engine.allocate(this.#recordCapacity * recordBytes)
        this.#texts = engine.allocate(this.#textCapacity)
    }

    get records() {
        return this.#records
    }
    get texts() {
        return this.#texts
    }

    /** Throws a `UserError` for what is no user, and what the user's own getters throw. */
    set(user) {
        if (this.#busy) throw new UserError('a getter of the user asks about another one')
        this.#busy = true
        this.#fresh = this.count
        this.count = 0
        try {
            this.#describe(user)
            if (this.count !== this.#fresh) this.#sameNames = false
        } catch (error) {
            this.count = 0 // nothing that stands there counts as written
            this.#sameNames = false
            throw error
        } finally {
            this.#busy = false
        }
    }

    /** True where the names are those that stood there when this was asked before. */
    hasSameNames() {
        const same = this.#sameNames
        this.#sameNames = true
        return same
    }

    #describe(user) {
        if (typeof user !== 'object' || user === null || Array.isArray(user) || user instanceof Map) {
            throw new UserError('expected an object')
        }
        const { key, attributes } = user
        this.#textSize = 0
        this.keySize = typeof key === 'string' ? this.#text(key) : 0
        if (attributes === undefined || attributes === null) return
        if (typeof attributes !== 'object' || Array.isArray(attributes)) {
            throw new UserError('expected an object or null as attributes')
        }
        if (this.#names.size > knownNames) this.#forgetNames()
        this.#members('', attributes, 2)
    }

    #members(prefix, object, depth) {
        checkDepth(depth)
        if (object instanceof Map) {
            for (const [name, value] of object) this.#attribute(prefix + name, value, depth)
            return
        }
        for (const name in object) {
            if (hasOwn.call(object, name)) this.#attribute(prefix + name, object[name], depth)
        }
    }

    #attribute(name, value, depth) {
        if (typeof value === 'string' && this.#written[this.count] === name) return this.#string(this.count++, value)
        if (typeof value === 'object' && value !== null && !(value instanceof Real)) {
            if (Array.isArray(value)) return this.#list(name, value, depth + 1)
            if (!(value instanceof Date)) return this.#members(`${name}.`, value, depth + 1)
        }
        if (name === 'key' || name === '') return
        if (this.#scalar(this.count, value)) this.#name(name, this.count++)
    }

    #list(name, list, depth) {
        checkDepth(depth)
        if (name === 'key' || name === '') return
        const place = this.count++
        for (const element of list) {
            this.#reserve(this.count)
            if (this.#scalar(this.count, element)) this.#setWritten(this.count++, undefined)
        }
        this.#head(place, LIST)
        this.#engine.words[(this.#records >>> 2) + place * recordWords + 5] = this.count - place - 1
        this.#name(name, place)
    }

    /** Writes the value. False for one that is no scalar: it counts as absent. */
    #scalar(place, value) {
        switch (typeof value) {
            case 'string':
                this.#string(place, value)
                return true
            case 'number':
                this.#double(place, isExact(value) ? INTEGER : NUMBER, value)
                return true
            case 'boolean':
                this.#double(place, BOOLEAN, value ? 1 : 0)
                return true
            case 'bigint':
                this.#wide(place, value)
                return true
            case 'object':
                if (value instanceof Real) {
                    this.#double(place, NUMBER, value.number)
                    return true
                }
                // An instant as RULESET.md reads it; a date that is none has no text.
                return value instanceof Date && !Number.isNaN(value.getTime()) && this.#scalar(place, value.toISOString())
            default:
                return false
        }
    }

    #string(place, value) {
        const offset = this.#textSize
        const at = this.#head(place, STRING)
        if (this.#strings[place] === value && this.#offsets[place] === offset && place < this.#fresh) {
            this.#textSize = offset + this.#sizes[place]
        } else {
            this.#strings[place] = value
            this.#offsets[place] = offset
            this.#sizes[place] = this.#text(value)
        }
        const { words } = this.#engine
        words[at + 4] = offset
        words[at + 5] = this.#sizes[place]
    }

    #double(place, kind, value) {
        this.#head(place, kind)
        this.#engine.doubles[(this.#records >>> 3) + place * recordDoubles + 2] = value
    }

    #wide(place, value) {
        if (value < leastWide || value > mostWide) return this.#double(place, NUMBER, Number(value))
        const at = this.#head(place, WIDE_INTEGER)
        this.#engine.words[at + 4] = Number(BigInt.asUintN(32, value))
        this.#engine.words[at + 5] = Number(BigInt.asUintN(32, value >> 32n))
    }

    /** Where the record stands in `words`; its kind is written. */
    #head(place, kind) {
        this.#reserve(place)
        const at = (this.#records >>> 2) + place * recordWords
        this.#engine.words[at + 2] = kind
        if (kind !== STRING) this.#strings[place] = undefined
        return at
    }

    #name(name, place) {
        if (this.#written[place] === name) return
        const at = (this.#records >>> 2) + place * recordWords
        const known = this.#names.get(name) ?? this.#learn(name)
        this.#engine.words[at] = known.address
        this.#engine.words[at + 1] = known.size
        this.#setWritten(place, name)
    }

    #setWritten(place, name) {
        if (this.#written[place] === name) return
        this.#written[place] = name
        this.#sameNames = false
    }

    #learn(name) {
        if (hasLoneSurrogate(name)) throw new UserError('a lone surrogate in a name')
        const address = this.#engine.allocate(name.length * 3 + 1)
        const known = { address, size: this.#engine.write(name, address) }
        this.#names.set(name, known)
        return known
    }

    #forgetNames() {
        for (const { address } of this.#names.values()) this.#engine.exports.release(address)
        this.#names.clear()
        this.#written.length = 0
        this.#sameNames = false
    }

    /** Writes a text behind the others. The number of its bytes. */
    #text(text) {
        const most = this.#textSize + text.length * 3
        if (most > this.#textCapacity) this.#growTexts(most)
        const size = this.#engine.write(text, this.#texts + this.#textSize)
        // A lone surrogate was written as U+FFFD: three bytes, which no text has that is shorter than a third of them.
        if (size !== text.length && hasLoneSurrogate(text)) throw new UserError('a lone surrogate')
        this.#textSize += size
        return size
    }

    #growTexts(least) {
        if (least > 3 * mostTextBytes) throw new UserError('texts longer than are allowed')
        const capacity = Math.max(least, this.#textCapacity * 2)
        const { exports } = this.#engine
        const texts = this.#engine.allocate(capacity)
        this.#engine.bytes.copyWithin(texts, this.#texts, this.#texts + this.#textCapacity)
        exports.release(this.#texts)
        this.#texts = texts
        this.#textCapacity = capacity
    }

    #reserve(place) {
        if (place < this.#recordCapacity) return
        if (place >= mostRecords) throw new UserError('more attributes than are allowed')
        const records = this.#engine.allocate(this.#recordCapacity * 2 * recordBytes)
        this.#engine.bytes.copyWithin(records, this.#records, this.#records + this.#recordCapacity * recordBytes)
        this.#engine.exports.release(this.#records)
        this.#records = records
        this.#recordCapacity *= 2
    }
}

/** JavaScript's numbers have one kind: an integral one of at most 2^53 is an integer. */
function isExact(number) {
    return Number.isInteger(number) && number <= largestExact && number >= -largestExact
}

/** The user's own object is level 1, its attributes are level 2. */
function checkDepth(depth) {
    if (depth > deepest) throw new UserError(`nested deeper than ${deepest} levels`)
}
