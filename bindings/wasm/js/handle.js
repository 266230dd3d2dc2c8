// A flag or experiment of a loaded ruleset, looked up once (docs/RULESET.md, section 7).
//
// No question throws: what goes wrong is an answer with an error, and the caller's default applies.
import { Answers, kinds, refusal } from './answers.js'
import { User, addressOf } from './user.js'

export class Handle {
    #loaded
    #entity
    #kind
    #answers

    /** `loaded` is the ruleset's state; `entity` is 0 for an unknown key, which is null where it is no text. */
    constructor(loaded, entity, key) {
        this.#loaded = loaded
        this.#entity = entity
        this.#kind = entity === 0 ? 0 : loaded.engine.exports.entity_kind(entity)
        this.#answers = new Answers(loaded.engine, entity, key, loaded.version)
        this.key = key
        Object.freeze(this)
    }

    /** The answer for the user: a `User`, or `{ key, attributes }` for this one question. */
    variant(user) {
        const { engine, address, description } = this.#loaded
        if (address === 0) return this.#closed()
        if (this.key === null) return this.#refusal('PARSE_ERROR')
        try {
            if (user instanceof User) {
                const resident = addressOf(user, engine)
                if (resident === 0) return this.#refusal('PARSE_ERROR')
                return this.#answers.of(engine.exports.evaluate(address, this.#entity, resident))
            }
            description.set(user)
            if (this.#loaded.address === 0) return this.#closed() // by a getter of the user
            const { records, count, texts, keySize } = description
            const same = description.hasSameNames() ? 1 : 0
            return this.#answers.of(
                engine.exports.evaluate_described(address, this.#entity, records, count, texts, keySize, same),
            )
        } catch (error) {
            if (!(error instanceof WebAssembly.RuntimeError)) return this.#refusal('PARSE_ERROR')
            engine.recover()
            return this.#refusal('GENERAL')
        }
    }

    boolean(user, fallback) {
        return this.#value(user, kinds.boolean, fallback)
    }
    integer(user, fallback) {
        return this.#value(user, kinds.integer, fallback)
    }
    number(user, fallback) {
        return this.#value(user, kinds.number, fallback)
    }
    string(user, fallback) {
        return this.#value(user, kinds.string, fallback)
    }
    object(user, fallback) {
        return this.#value(user, kinds.object, fallback)
    }

    booleanDetail(user, fallback) {
        return this.#detail(user, kinds.boolean, fallback)
    }
    integerDetail(user, fallback) {
        return this.#detail(user, kinds.integer, fallback)
    }
    numberDetail(user, fallback) {
        return this.#detail(user, kinds.number, fallback)
    }
    stringDetail(user, fallback) {
        return this.#detail(user, kinds.string, fallback)
    }
    objectDetail(user, fallback) {
        return this.#detail(user, kinds.object, fallback)
    }

    /** The answer as JSON, with integers of any size and doubles as the ruleset has them. */
    json(user) {
        const answer = this.variant(user)
        const members = Object.entries(answer).map(([name, member]) => {
            return `"${name}": ${name === 'value' ? this.#answers.valueJson(answer) : JSON.stringify(member)}`
        })
        return `{${members.join(', ')}}`
    }

    #closed() {
        return refusal(this.key, 'PROVIDER_NOT_READY', 0)
    }

    #refusal(error) {
        return refusal(this.key, error, this.#loaded.version)
    }

    #value(user, kind, fallback) {
        const { value } = this.variant(user)
        return value !== null && this.#kind === kind ? value : fallback
    }

    /** The answer with a value in any case. */
    #detail(user, kind, fallback) {
        const answer = this.variant(user)
        if (answer.value === null) return Object.freeze({ ...answer, value: fallback })
        if (this.#kind === kind) return answer
        return Object.freeze({
            ...answer,
            value: fallback,
            reason: 'ERROR',
            error: 'TYPE_MISMATCH',
            exposure: false,
        })
    }
}
