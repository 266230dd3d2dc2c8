// Reading JSON as docs/RULESET.md, section 1, wants it, where `JSON.parse` is too kind: integers of 64 bits stay integers
// and `3.0` stays a double, no member may be repeated, nothing may be nested deeper than 64 levels, no surrogate stand alone.
//
// Objects are read as `Map`s, which keep the text's order; integers as numbers up to 2^53 and BigInts beyond; other numbers
// as `Real`s.
import { Real } from './description.js'
import { hasLoneSurrogate } from './engine.js'

const deepest = 64
const space = /[ \t\n\r]*/y
const number = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
const plain = /[^"\\\u0000-\u001f]*/y
const escapes = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const words = [
    ['true', true],
    ['false', false],
    ['null', null],
]
const least = -(2n ** 63n)
const most = 2n ** 63n - 1n
const longestInteger = '-9223372036854775808'.length
const largestExact = 2n ** 53n

/** The value of the text. Throws a `SyntaxError`. */
export function parseJson(text, depth = deepest) {
    const reader = new Reader(text, depth)
    const value = reader.value(1)
    reader.end()
    return value
}

class Reader {
    #text
    #deepest
    #at = 0

    constructor(text, depth) {
        this.#text = text
        this.#deepest = depth
    }

    value(level) {
        this.#match(space)
        switch (this.#text[this.#at]) {
            case '{':
                return this.#object(this.#enter(level))
            case '[':
                return this.#array(this.#enter(level))
            case '"':
                return this.#string()
            default:
                return this.#scalar()
        }
    }

    end() {
        this.#match(space)
        if (this.#at < this.#text.length) this.#fail('text behind the value')
    }

    #fail(what) {
        throw new SyntaxError(`${what} at ${this.#at}`)
    }

    #enter(level) {
        if (level > this.#deepest) this.#fail(`nested deeper than ${this.#deepest} levels`)
        ++this.#at
        return level
    }

    #match(pattern) {
        pattern.lastIndex = this.#at
        const found = pattern.exec(this.#text)
        if (found !== null) this.#at = pattern.lastIndex
        return found
    }

    /** After white space, the character if it is there. */
    #takes(character) {
        this.#match(space)
        if (this.#text[this.#at] !== character) return false
        ++this.#at
        return true
    }

    #object(level) {
        const members = new Map()
        if (this.#takes('}')) return members
        do {
            this.#match(space)
            if (this.#text[this.#at] !== '"') this.#fail('no name of a member')
            const name = this.#string()
            if (members.has(name)) this.#fail('a repeated member')
            if (!this.#takes(':')) this.#fail('no colon')
            members.set(name, this.value(level + 1))
        } while (this.#takes(','))
        if (!this.#takes('}')) this.#fail('an object that does not end')
        return members
    }

    #array(level) {
        const items = []
        if (this.#takes(']')) return items
        do items.push(this.value(level + 1))
        while (this.#takes(','))
        if (!this.#takes(']')) this.#fail('an array that does not end')
        return items
    }

    #string() {
        ++this.#at
        let result = ''
        for (;;) {
            result += this.#match(plain)[0]
            const end = this.#text[this.#at++]
            if (end === '"') break
            if (end !== '\\') this.#fail('a string that does not end')
            result += this.#escape()
        }
        if (hasLoneSurrogate(result)) this.#fail('a lone surrogate')
        return result
    }

    #escape() {
        const letter = this.#text[this.#at++]
        if (letter === 'u') {
            const digits = this.#text.slice(this.#at, this.#at + 4)
            if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail('a bad escape')
            this.#at += 4
            return String.fromCharCode(Number.parseInt(digits, 16))
        }
        if (!Object.hasOwn(escapes, letter)) this.#fail('a bad escape')
        return escapes[letter]
    }

    #scalar() {
        for (const [word, value] of words) {
            if (this.#text.startsWith(word, this.#at)) {
                this.#at += word.length
                return value
            }
        }
        const found = this.#match(number)
        if (found === null) this.#fail('no value')
        return this.#number(found)
    }

    #number([digits, fraction, exponent]) {
        if (fraction === undefined && exponent === undefined && digits.length <= longestInteger) {
            const value = BigInt(digits)
            if (value >= -largestExact && value <= largestExact) return Number(value)
            if (value >= least && value <= most) return value
        }
        const real = Number(digits)
        if (!Number.isFinite(real)) this.#fail('a number too large for a double')
        return new Real(real)
    }
}
