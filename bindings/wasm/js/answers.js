// The answers that one flag or experiment has given, each made once, frozen, and handed out again.
//
// They are few: a variant, a rule and a reason out of its own. So a question allocates nothing.

const reasons = [
    'DISABLED',
    'PREREQUISITE_FAILED',
    'TARGETING_MATCH',
    'SPLIT',
    'DEFAULT',
    'HOLDOUT',
    'NOT_TARGETED',
    'NOT_ENROLLED',
    'ERROR',
    'STALE',
    'CACHED',
]
const errors = [
    null,
    'FLAG_NOT_FOUND',
    'TYPE_MISMATCH',
    'TARGETING_KEY_MISSING',
    'PARSE_ERROR',
    'PROVIDER_NOT_READY',
    'GENERAL',
]
export const kinds = { boolean: 1, integer: 2, number: 3, string: 4, object: 6 }

const noVariant = 0xffffffff
const largestExact = 2n ** 53n

/** The caller's default applies. */
export function refusal(key, error, version) {
    return Object.freeze({
        key,
        variant: null,
        value: null,
        reason: 'ERROR',
        rule: null,
        error,
        exposure: false,
        version,
    })
}

export class Answers {
    #engine
    #entity
    #key
    #version
    #slots = new Array(4).fill(null) // open addressing, half of it free
    #count = 0

    /** `entity` is the flag's address. */
    constructor(engine, entity, key, version) {
        this.#engine = engine
        this.#entity = entity
        this.#key = key
        this.#version = version
    }

    /** The answer that the engine has just given: `code` is what it returned. */
    of(code) {
        const { words, answer } = this.#engine
        const variant = words[answer]
        const rule = words[answer + 1]
        const mask = this.#slots.length - 1
        for (let i = mix(code, variant, rule) & mask; ; i = (i + 1) & mask) {
            const slot = this.#slots[i]
            if (slot === null) return this.#add(i, code, variant, rule, words[answer + 2])
            if (slot.code === code && slot.variant === variant && slot.rule === rule) return slot.answer
        }
    }

    /** The value of an answer as JSON: what JavaScript's numbers cannot say too. */
    valueJson(answer) {
        const slot = this.#slots.find((known) => known?.answer === answer)
        if (slot === undefined || typeof answer.value === 'boolean' || typeof answer.value === 'string') {
            return JSON.stringify(answer.value)
        }
        return answer.value === null ? 'null' : this.#text(slot.variant)
    }

    #add(place, code, variant, rule, ruleSize) {
        const given = variant !== noVariant
        const { exports } = this.#engine
        const answer = Object.freeze({
            key: this.#key,
            variant: given ? this.#engine.text(exports.variant_key(this.#entity, variant) >>> 0) : null,
            value: given ? this.#value(variant) : null,
            reason: reasons[code & 0xff],
            rule: ruleSize === 0 ? null : this.#engine.read(rule, ruleSize),
            error: errors[(code >>> 8) & 0xff],
            exposure: code >>> 16 !== 0,
            version: this.#version,
        })
        this.#slots[place] = { code, variant, rule, answer }
        if (++this.#count * 2 > this.#slots.length) this.#grow()
        return answer
    }

    #grow() {
        const slots = new Array(this.#slots.length * 2).fill(null)
        for (const slot of this.#slots) {
            if (slot === null) continue
            let i = mix(slot.code, slot.variant, slot.rule) & (slots.length - 1)
            while (slots[i] !== null) i = (i + 1) & (slots.length - 1)
            slots[i] = slot
        }
        this.#slots = slots
    }

    #value(variant) {
        const { exports } = this.#engine
        switch (exports.entity_kind(this.#entity)) {
            case kinds.boolean:
                return exports.variant_boolean(this.#entity, variant) !== 0
            case kinds.integer:
                return integer(this.#text(variant))
            case kinds.number:
                return Number(this.#text(variant))
            case kinds.string:
                return this.#text(variant)
            default:
                return frozen(JSON.parse(this.#text(variant)))
        }
    }

    #text(variant) {
        return this.#engine.text(this.#engine.exports.variant_text(this.#entity, variant) >>> 0)
    }
}

const mix = (code, variant, rule) => (code * 31 + variant + (rule >>> 2)) | 0

/** A number where it is exact, else a BigInt. */
function integer(text) {
    const value = BigInt(text)
    return value >= -largestExact && value <= largestExact ? Number(value) : value
}

/** An object is handed out many times: nobody may change it. */
function frozen(value) {
    if (typeof value === 'object' && value !== null) {
        for (const part of Object.values(value)) frozen(part)
        Object.freeze(value)
    }
    return value
}
