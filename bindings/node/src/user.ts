// Users: prepared once (`User`) or handed over with each question (`UserLike`). Source: RULESET.md, section 2.
import { addon } from './addon';
import { UserPlace, user } from './exchange';
import { frozenCopy, Unreadable, write } from './user_writer';

/**
 * A number that is whole and at most 2^53 in size is an integer, any other a double; a bigint of 64 bits is an integer. A
 * Date is its ISO text. `null`, `undefined`, NaN, infinities, functions and symbols are absent; so are lists and objects in a
 * list.
 */
export type AttributeValue =
    | string | number | bigint | boolean | Date | null | undefined
    | readonly (string | number | bigint | boolean | null | undefined)[]
    | { readonly [name: string]: AttributeValue };

/** Nested objects are flattened with dots: `device.os`. */
export type Attributes = { readonly [name: string]: AttributeValue };

export interface UserLike {
    readonly key?: string | null;
    readonly attributes?: Attributes | null;
}

let lastNumber = 0;

/** A user that is prepared once and asked about often. Cannot be changed; `with` makes another. */
export class User {
    readonly #number: number = ++lastNumber;
    readonly #key: string;
    readonly #attributes: Attributes;
    readonly #json: string | undefined;

    /**
     * An empty key, or none, is a user without a key. Throws TypeError for what is no key or no attributes, and RangeError for
     * more than a user can hold.
     */
    constructor(key?: string | null, attributes?: Attributes | null);
    constructor(key?: string | null, attributes?: Attributes | null, json?: FromJson) {
        if (json instanceof FromJson) {
            this.#json = json.text;
            const parsed = JSON.parse(json.text) as UserLike;
            this.#key = typeof parsed.key === 'string' ? parsed.key : '';
            this.#attributes = frozenCopy(parsed.attributes ?? {});
            addon.keepUserJson(this.#number, json.text);
            return;
        }
        if (key !== undefined && key !== null && typeof key !== 'string') {
            throw new TypeError(`a user's key is a string, not ${typeName(key)}`);
        }
        if (attributes !== undefined && attributes !== null && !hasMembers(attributes)) {
            throw new TypeError(`a user's attributes are an object, not ${typeName(attributes)}`);
        }
        this.#key = key ?? '';
        try {
            this.#attributes = frozenCopy(attributes ?? {});
            write(this.#key, this.#attributes, undefined);
        } catch (error) {
            throw error instanceof Unreadable ? new RangeError(`a user cannot hold ${error.message}`) : error;
        }
        if (!addon.keepUser(this.#number)) throw new RangeError('more attributes or text than a user can hold');
    }

    /** `{"key": "u1", "attributes": {"country": "DE"}}`. Throws SyntaxError, or RangeError, for what is no user. */
    static fromJSON(text: string): User {
        if (typeof text !== 'string') throw new TypeError(`a user's JSON is a string, not ${typeName(text)}`);
        try {
            return new (User as unknown as new (...parts: unknown[]) => User)(undefined, undefined, new FromJson(text));
        } catch (error) {
            if (error instanceof SyntaxError) throw error;
            const { code, message } = error as { code?: string; message: string };
            throw code === 'too_large' ? new RangeError(message) : new SyntaxError(message);
        }
    }

    /** The user's key; empty where there is none. */
    get key(): string {
        return this.#key;
    }
    /** As they were given, not to be changed; from JSON as `JSON.parse` reads them, integers over 2^53 rounded. */
    get attributes(): Attributes {
        return this.#attributes;
    }

    /** Another user: `attributes` with these set, or taken away where they are null. */
    with(attributes: Attributes): User {
        return new User(this.#key, { ...this.#attributes, ...attributes });
    }

    toJSON(): UserLike {
        return { key: this.#key, attributes: this.#attributes };
    }

    /** @internal 0 for what is no `User`. */
    static numberOf(value: object): number {
        return #number in value ? value.#number : 0;
    }
    /** @internal Hands the user over again, after another took its place. */
    static restore(value: User): void {
        if (value.#json !== undefined) {
            addon.keepUserJson(value.#number, value.#json);
        } else {
            write(value.#key, value.#attributes, undefined);
            addon.keepUser(value.#number);
        }
    }
}

/** Only this file can make one. */
class FromJson {
    constructor(readonly text: string) {}
}

export function typeName(value: unknown): string {
    if (value === null) return 'null';
    if (value instanceof Map || value instanceof Set) return `a ${value.constructor.name}`;
    return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

/** An object whose members say something; what an array, a Map or a Set holds is not in its members. */
export function hasMembers(value: unknown): value is object {
    return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map)
        && !(value instanceof Set);
}

/** Names the user of the next call in the exchange. Never throws: what is no user is unreadable. */
export function point(about: unknown): void {
    user[0] = UserPlace.unreadable;
    if (typeof about !== 'object' || about === null) return;
    const number = User.numberOf(about);
    if (number !== 0) user[0] = number;
    else pointToObject(about as UserLike);
}

function pointToObject(about: UserLike): void {
    try {
        if (!hasMembers(about)) return;
        const { key, attributes } = about;
        if (attributes === undefined || attributes === null) write(key, undefined, undefined);
        else if (hasMembers(attributes)) write(key, attributes, undefined);
    } catch {
        user[0] = UserPlace.unreadable; // a getter has thrown, say
    }
}
