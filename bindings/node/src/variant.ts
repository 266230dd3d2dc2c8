// Answers, as RULESET.md, section 7, has them.
import { Description } from './addon';

export type Reason =
    | 'DISABLED' | 'PREREQUISITE_FAILED' | 'TARGETING_MATCH' | 'SPLIT' | 'DEFAULT' | 'HOLDOUT' | 'NOT_TARGETED'
    | 'NOT_ENROLLED' | 'ERROR' | 'STALE' | 'CACHED';

export type EvaluationError =
    | 'FLAG_NOT_FOUND' | 'TYPE_MISMATCH' | 'TARGETING_KEY_MISSING' | 'PARSE_ERROR' | 'PROVIDER_NOT_READY' | 'GENERAL';

export type JsonValue =
    | string | number | bigint | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };
export type JsonObject = { readonly [name: string]: JsonValue };

/**
 * An answer. Frozen, with its value, as equal answers are one object. An integer that a number cannot hold exactly (over 2^53
 * in size) is a bigint.
 */
export interface Variant {
    /** The flag or experiment; null where the question had no key. */
    readonly key: string | null;
    /** The variant's key; null where the user gets none, and the caller's default applies. */
    readonly variant: string | null;
    readonly value: JsonValue;
    readonly reason: Reason;
    /** The id of the rule that decided, `targets`, or null. */
    readonly rule: string | null;
    readonly error: EvaluationError | null;
    /** This evaluation counts as an exposure. */
    readonly exposure: boolean;
    /** The ruleset's. */
    readonly version: number;
}

/** A value of one type, or the caller's default, with the answer that it came from. */
export interface Detail<T> extends Omit<Variant, 'value'> {
    readonly value: T;
}

const staticAnswers = new WeakSet<object>();

export function variantOf(description: Description): Variant {
    const [key, variant, value, reason, rule, error, exposure, version, isStatic] = description;
    const answer = Object.freeze({
        key, variant, value: value as JsonValue, reason: reason as Reason, rule, error: error as EvaluationError | null,
        exposure, version,
    });
    if (isStatic) staticAnswers.add(answer);
    return answer;
}

/** The flag gives this answer to everybody: OpenFeature's reason STATIC. */
export function isStatic(answer: object): boolean {
    return staticAnswers.has(answer);
}

/** The same answer with the caller's default as its value. */
export function withDefault<T>(answer: Variant, value: T): Detail<T> {
    return Object.freeze({ ...answer, value });
}

/** The answer to a question that is none. */
export function refusal(key: unknown, error: EvaluationError): Variant {
    return variantOf([typeof key === 'string' ? key : null, null, null, 'ERROR', null, error, false, 0, false]);
}
