// A loaded ruleset: it answers which variant a user gets, and why. What it says by key a `Handle` says without one.
import { longestKey } from './engine.js'
import { Handle } from './handle.js'

export class Ruleset {
    // Rulesets that nobody closed are freed when they and their handles are collected.
    static #collected = new FinalizationRegistry(({ engine, address }) => engine.exports.ruleset_free(address))

    #loaded
    #handles = new Map()

    constructor(engine, description, address) {
        const { exports } = engine
        this.version = exports.ruleset_version(address)
        this.environment = engine.text(exports.ruleset_environment(address) >>> 0)
        this.unsupported = exports.ruleset_unsupported(address)
        this.#loaded = { engine, description, address, version: this.version }
        Ruleset.#collected.register(this.#loaded, { engine, address }, this.#loaded)
        Object.freeze(this)
    }

    /** The answer for the user: a `User`, or `{ key, attributes }` for this one question. */
    variant(key, user) {
        return this.#handle(key).variant(user)
    }

    boolean(key, user, fallback) {
        return this.#handle(key).boolean(user, fallback)
    }
    integer(key, user, fallback) {
        return this.#handle(key).integer(user, fallback)
    }
    number(key, user, fallback) {
        return this.#handle(key).number(user, fallback)
    }
    string(key, user, fallback) {
        return this.#handle(key).string(user, fallback)
    }
    object(key, user, fallback) {
        return this.#handle(key).object(user, fallback)
    }

    booleanDetail(key, user, fallback) {
        return this.#handle(key).booleanDetail(user, fallback)
    }
    integerDetail(key, user, fallback) {
        return this.#handle(key).integerDetail(user, fallback)
    }
    numberDetail(key, user, fallback) {
        return this.#handle(key).numberDetail(user, fallback)
    }
    stringDetail(key, user, fallback) {
        return this.#handle(key).stringDetail(user, fallback)
    }
    objectDetail(key, user, fallback) {
        return this.#handle(key).objectDetail(user, fallback)
    }

    /** The answer as JSON, with integers of any size and doubles as the ruleset has them. */
    evaluateJson(key, user) {
        return this.#handle(key).json(user)
    }

    /** Every flag's answer, then every experiment's, in document order. */
    evaluateAll(user) {
        return this.keys().map((key) => this.variant(key, user))
    }

    /** The flag or experiment of that key; an unknown one answers ERROR / FLAG_NOT_FOUND. */
    handle(key) {
        if (typeof key !== 'string') throw new TypeError('a key is a string')
        return this.#handle(key)
    }

    /** All flags, then all experiments, in document order. */
    keys() {
        const { engine, address } = this.#loaded
        const keys = []
        const count = address === 0 ? 0 : engine.exports.ruleset_size(address)
        for (let i = 0; i < count; ++i) {
            const entity = engine.exports.ruleset_entity(address, i)
            keys.push(engine.text(engine.exports.entity_key(entity) >>> 0))
        }
        return keys
    }

    /** Gives the memory back. Later questions answer ERROR / PROVIDER_NOT_READY. */
    close() {
        const { engine, address } = this.#loaded
        if (address === 0) return
        this.#loaded.address = 0
        Ruleset.#collected.unregister(this.#loaded)
        engine.exports.ruleset_free(address)
        this.#handles.clear()
    }

    #handle(key) {
        return this.#handles.get(key) ?? this.#find(key)
    }

    #find(key) {
        const { engine, address } = this.#loaded
        const entity = address === 0 || typeof key !== 'string' || key.length > longestKey ? 0 : engine.find(address, key)
        const handle = new Handle(this.#loaded, entity, typeof key === 'string' ? key : null)
        if (entity !== 0) this.#handles.set(key, handle)
        return handle
    }
}
