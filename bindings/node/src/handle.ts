// A key that is looked up once, of one client.
import { Asking, valueOr } from './asking';
import type { Client } from './client';
import { Wanted } from './exchange';
import { User, UserLike } from './user';
import { Variant } from './variant';

/** Made by `Client.handle`. */
export class Handle {
    readonly #client: Client; // so that it lives
    readonly #asking: Asking;
    readonly #number: number;
    readonly #key: string;

    /** @internal */
    constructor(client: Client, asking: Asking, key: string) {
        this.#client = client;
        this.#asking = asking;
        this.#number = asking.numberOf(key);
        this.#key = key;
    }

    get key(): string {
        return this.#key;
    }
    get client(): Client {
        return this.#client;
    }

    /** The variant for the user; records the exposure. */
    variant(user: User | UserLike): Variant {
        return this.#asking.answer(this.#number, this.#key, user, Wanted.recorded);
    }
    /** The same without recording. */
    evaluate(user: User | UserLike): Variant {
        return this.#asking.answer(this.#number, this.#key, user, Wanted.all);
    }

    /** The value, or the default where there is no variant or it has another type. */
    boolean(user: User | UserLike, fallback: boolean): boolean {
        return valueOr(
            this.#asking.answer(this.#number, this.#key, user, Wanted.boolean | Wanted.recorded), fallback);
    }
    string(user: User | UserLike, fallback: string): string {
        return valueOr(
            this.#asking.answer(this.#number, this.#key, user, Wanted.string | Wanted.recorded), fallback);
    }
    /** An integer up to 2^53 in size is a number too. */
    number(user: User | UserLike, fallback: number): number {
        return valueOr(this.#asking.answer(
            this.#number, this.#key, user, Wanted.number | Wanted.integer | Wanted.exact | Wanted.recorded), fallback);
    }
}
