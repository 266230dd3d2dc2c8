// A user that was described once and lives in the engine's memory, for many questions.
import { ExpplatError } from './engine.js'

/** The address of the user's copy in that engine; 0 where it has none there, or was freed. */
export let addressOf

export class User {
    static {
        addressOf = (user, engine) => (user.#engine === engine ? user.#address : 0)
    }

    // Users that nobody freed are freed when they are collected.
    static #collected = new FinalizationRegistry(({ engine, address }) => engine.exports.user_free(address))

    #engine
    #address

    constructor(engine, description, user) {
        description.set(user)
        const { records, count, texts, keySize } = description
        this.#engine = engine
        this.#address = engine.guarded((exports) => exports.user_create(records, count, texts, keySize))
        if (this.#address === 0) {
            throw new ExpplatError('too_large', 'user: more attributes, or longer texts, than are allowed')
        }
        User.#collected.register(this, { engine, address: this.#address }, this)
    }

    /** Gives the memory back. Later questions about this user answer ERROR / PARSE_ERROR. */
    free() {
        if (this.#address === 0) return
        User.#collected.unregister(this)
        this.#engine.exports.user_free(this.#address)
        this.#address = 0
    }
}
