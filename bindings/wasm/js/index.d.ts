// The types of `expplat-wasm` and `expplat-wasm/patterns`.

/** What an attribute may be. Objects and maps are flattened with dots; a date is its RFC 3339 text; null is absent. */
export type Attribute =
    | string
    | number
    | bigint
    | boolean
    | Date
    | null
    | undefined
    | readonly (string | number | bigint | boolean | Date | null | undefined)[]
    | { readonly [name: string]: Attribute }
    | ReadonlyMap<string, Attribute>

/** A user for one question. A number that is integral and at most 2^53 in size is an integer. */
export interface Described {
    readonly key?: string | null
    readonly attributes?: { readonly [name: string]: Attribute } | ReadonlyMap<string, Attribute> | null
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
export type JsonObject = { readonly [name: string]: Json }

export type Reason =
    | 'DISABLED'
    | 'PREREQUISITE_FAILED'
    | 'TARGETING_MATCH'
    | 'SPLIT'
    | 'DEFAULT'
    | 'HOLDOUT'
    | 'NOT_TARGETED'
    | 'NOT_ENROLLED'
    | 'ERROR'
    | 'STALE'
    | 'CACHED'

export type EvaluationError =
    | 'FLAG_NOT_FOUND'
    | 'TYPE_MISMATCH'
    | 'TARGETING_KEY_MISSING'
    | 'PARSE_ERROR'
    | 'PROVIDER_NOT_READY'
    | 'GENERAL'

/** An answer, frozen. `exposure`: this evaluation counts as an exposure, which the program records. */
export interface Detail<Value> {
    readonly key: string | null
    readonly variant: string | null
    readonly value: Value
    readonly reason: Reason
    readonly rule: string | null
    readonly error: EvaluationError | null
    readonly exposure: boolean
    /** The ruleset's. */
    readonly version: number
}

/** `value` is null where the user gets no variant. An integer over 2^53 in size is a bigint. */
export type Answer = Detail<boolean | number | bigint | string | JsonObject | null>

/** A user that lives in the evaluator's memory. */
export class User {
    private constructor()
    /** Gives the memory back at once; else it is given back when the object is collected. */
    free(): void
}

/** A flag or experiment, looked up once. No question throws. */
export class Handle {
    private constructor()
    readonly key: string | null
    variant(user: User | Described): Answer
    boolean<Fallback>(user: User | Described, fallback: Fallback): boolean | Fallback
    /** A bigint where the value is over 2^53 in size. */
    integer<Fallback>(user: User | Described, fallback: Fallback): number | bigint | Fallback
    number<Fallback>(user: User | Described, fallback: Fallback): number | Fallback
    string<Fallback>(user: User | Described, fallback: Fallback): string | Fallback
    object<Fallback>(user: User | Described, fallback: Fallback): JsonObject | Fallback
    booleanDetail<Fallback>(user: User | Described, fallback: Fallback): Detail<boolean | Fallback>
    integerDetail<Fallback>(user: User | Described, fallback: Fallback): Detail<number | bigint | Fallback>
    numberDetail<Fallback>(user: User | Described, fallback: Fallback): Detail<number | Fallback>
    stringDetail<Fallback>(user: User | Described, fallback: Fallback): Detail<string | Fallback>
    objectDetail<Fallback>(user: User | Described, fallback: Fallback): Detail<JsonObject | Fallback>
    /** The answer as JSON text, with integers of any size and doubles as the ruleset has them. */
    json(user: User | Described): string
}

/** A loaded ruleset. No question throws. */
export class Ruleset {
    private constructor()
    readonly version: number
    readonly environment: string
    /** How many flags and experiments this build cannot evaluate: they answer ERROR / GENERAL. */
    readonly unsupported: number
    variant(key: string, user: User | Described): Answer
    boolean<Fallback>(key: string, user: User | Described, fallback: Fallback): boolean | Fallback
    /** A bigint where the value is over 2^53 in size. */
    integer<Fallback>(key: string, user: User | Described, fallback: Fallback): number | bigint | Fallback
    number<Fallback>(key: string, user: User | Described, fallback: Fallback): number | Fallback
    string<Fallback>(key: string, user: User | Described, fallback: Fallback): string | Fallback
    object<Fallback>(key: string, user: User | Described, fallback: Fallback): JsonObject | Fallback
    booleanDetail<Fallback>(key: string, user: User | Described, fallback: Fallback): Detail<boolean | Fallback>
    integerDetail<Fallback>(
        key: string,
        user: User | Described,
        fallback: Fallback,
    ): Detail<number | bigint | Fallback>
    numberDetail<Fallback>(key: string, user: User | Described, fallback: Fallback): Detail<number | Fallback>
    stringDetail<Fallback>(key: string, user: User | Described, fallback: Fallback): Detail<string | Fallback>
    objectDetail<Fallback>(key: string, user: User | Described, fallback: Fallback): Detail<JsonObject | Fallback>
    evaluateJson(key: string, user: User | Described): string
    /** Every flag's answer, then every experiment's, in document order. */
    evaluateAll(user: User | Described): Answer[]
    /** The keys of all flags, then of all experiments. */
    keys(): string[]
    /** Throws a TypeError for what is no string; an unknown key answers ERROR / FLAG_NOT_FOUND. */
    handle(key: string): Handle
    /** Gives the memory back. Later questions answer ERROR / PROVIDER_NOT_READY. */
    close(): void
}

/** The evaluator. */
export class Expplat {
    private constructor()
    /** Verifies and loads the image that `expplat compile` wrote. Throws an `ExpplatError`. */
    load(image: ArrayBuffer | ArrayBufferView): Ruleset
    /** A user for many questions. Throws an `ExpplatError` for what is no user. */
    user(user: Described): User
    /** The same from JSON text: integers of 64 bits stay integers, and `3.0` is a double. */
    userFromJson(text: string): User
}

export class ExpplatError extends Error {
    private constructor()
    readonly code: 'invalid_argument' | 'invalid_image' | 'image_version' | 'too_large'
}

/** What a module may be opened from. Without one it is the `.wasm` beside the package's own file. */
export type Source = WebAssembly.Module | BufferSource | Response | URL | string

export function open(source?: Source | Promise<Source>): Promise<Expplat>
