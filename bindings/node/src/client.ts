// `Client`: keeps a ruleset current, answers from it, and reports who saw what. Next: `asking.ts`.
import { addon, Token } from './addon';
import { Asking } from './asking';
import { user as userPlace, UserPlace, Word, words } from './exchange';
import { errorOf } from './error';
import { Handle } from './handle';
import { Listeners } from './listeners';
import { ClientOptions, settingsOf, whole } from './settings';
import { camelCased, RulesetChange, Stats, Status } from './status';
import { Attributes, hasMembers, point, typeName, User, UserLike } from './user';
import { Detail, JsonObject, Variant, variantOf } from './variant';

const defaultTimeoutMs = 5_000;
const longestTimerMs = 2 ** 31 - 1;

/**
 * Opened once and used by the whole environment; a worker opens its own. Answering never throws and never waits: where there
 * is no answer the caller's default comes back with a reason.
 */
export class Client {
    readonly #number: number;
    readonly #token: Token;
    readonly #listeners: Listeners;
    readonly #asking: Asking;
    #errands: Promise<unknown> = Promise.resolve(); // one at a time
    #closing: Promise<void> | undefined;

    private constructor(opened: [number, Token], listeners: Listeners) {
        if (!(listeners instanceof Listeners)) throw new TypeError('a client is opened: `Client.open` or `Client.openSync`');
        const [number, token] = opened;
        this.#number = number;
        this.#token = token;
        this.#listeners = listeners;
        this.#asking = new Asking(number);
    }

    /**
     * Opens a client. A file or a text is adopted before the promise is kept; a server is not waited for: `waitReady`. Rejects
     * with TypeError and RangeError for options that cannot be, and with ExpplatError for what the library refuses.
     */
    static async open(options: ClientOptions): Promise<Client> {
        const settings = settingsOf(options);
        const listeners = new Listeners(options);
        try {
            return new Client(await addon.open(settings, listeners.receive), listeners);
        } catch (error) {
            throw errorOf(error);
        }
    }

    /** The same, blocking. */
    static openSync(options: ClientOptions): Client {
        const settings = settingsOf(options);
        const listeners = new Listeners(options);
        try {
            return new Client(addon.openSync(settings, listeners.receive), listeners);
        } catch (error) {
            throw errorOf(error);
        }
    }

    // ---- answers ----

    /** The variant for the user; records the exposure. */
    variant(key: string, user: User | UserLike): Variant {
        return this.#asking.variant(key, user);
    }

    /** The value, or the default where there is no variant or it has another type. */
    boolean(key: string, user: User | UserLike, fallback: boolean): boolean {
        return this.#asking.boolean(key, user, fallback);
    }
    /** With a number as the default, an integer over 2^53 in size is of another type; with a bigint all come as bigints. */
    integer(key: string, user: User | UserLike, fallback: number): number;
    integer(key: string, user: User | UserLike, fallback: bigint): bigint;
    integer(key: string, user: User | UserLike, fallback: number | bigint): number | bigint {
        return this.#asking.integer(key, user, fallback);
    }
    /** An integer up to 2^53 in size is a number too. */
    number(key: string, user: User | UserLike, fallback: number): number {
        return this.#asking.number(key, user, fallback);
    }
    string(key: string, user: User | UserLike, fallback: string): string {
        return this.#asking.string(key, user, fallback);
    }
    /** The object is frozen, with all that is in it. */
    object<T extends object = JsonObject>(key: string, user: User | UserLike, fallback: T): T {
        return this.#asking.object(key, user, fallback);
    }

    /** The same with the answer: its error is `TYPE_MISMATCH` where the type was another. */
    booleanDetail(key: string, user: User | UserLike, fallback: boolean): Detail<boolean> {
        return this.#asking.booleanDetail(key, user, fallback);
    }
    integerDetail(key: string, user: User | UserLike, fallback: number): Detail<number>;
    integerDetail(key: string, user: User | UserLike, fallback: bigint): Detail<bigint>;
    integerDetail(key: string, user: User | UserLike, fallback: number | bigint): Detail<number | bigint> {
        return this.#asking.integerDetail(key, user, fallback);
    }
    numberDetail(key: string, user: User | UserLike, fallback: number): Detail<number> {
        return this.#asking.numberDetail(key, user, fallback);
    }
    stringDetail(key: string, user: User | UserLike, fallback: string): Detail<string> {
        return this.#asking.stringDetail(key, user, fallback);
    }
    objectDetail<T extends object = JsonObject>(key: string, user: User | UserLike, fallback: T): Detail<T> {
        return this.#asking.objectDetail(key, user, fallback);
    }

    /** A key that is looked up once. */
    handle(key: string): Handle {
        if (typeof key !== 'string') throw new TypeError(`a key is a string, not ${typeName(key)}`);
        return new Handle(this, this.#asking, key);
    }

    /** The answer, without recording anything. */
    evaluate(key: string, user: User | UserLike): Variant {
        return this.#asking.evaluate(key, user);
    }
    /** Of all flags, then all experiments, in the order of the document and from one ruleset; records nothing. */
    evaluateAll(user: User | UserLike): Variant[] {
        point(user);
        this.#restoreUser(user);
        words[Word.client] = this.#number;
        return addon.evaluateAll().map(variantOf);
    }
    /** One line of a file of cases, `{"key": "new-ui", "user": {…}}`; records nothing. */
    evaluateCase(line: string): Variant {
        return variantOf(addon.evaluateCase(this.#number, `${line}`));
    }

    // ---- events ----

    /**
     * Something happened to the user. Throws TypeError for a name, a value or properties that are none. False, and not
     * recorded, where the user cannot be read or the client is closed.
     */
    track(event: string, user: User | UserLike, value?: number, properties?: Attributes): boolean {
        if (typeof event !== 'string' || event === '') throw new TypeError('an event has a name');
        if (loneSurrogate.test(event)) throw new TypeError('the name of an event holds a lone surrogate');
        if (value !== undefined && typeof value !== 'number') {
            throw new TypeError(`the value of an event is a number, not ${typeName(value)}`);
        }
        if (properties !== undefined && !hasMembers(properties)) {
            throw new TypeError(`the properties of an event are an object, not ${typeName(properties)}`);
        }
        const json = properties === undefined ? undefined : JSON.stringify(properties, propertyOf);
        if (properties !== undefined && json?.[0] !== '{') { // a Date, say
            throw new TypeError('the properties of an event are an object, and these are none in JSON');
        }
        if (this.#closing !== undefined) return false;
        point(user);
        this.#restoreUser(user);
        words[Word.client] = this.#number;
        return addon.track(event, value, json);
    }

    /** Sends what was recorded until now. False where that took longer; the rest stays queued. */
    async flush(timeoutMs: number = defaultTimeoutMs): Promise<boolean> {
        whole(timeoutMs, 'timeoutMs', 0);
        return this.#run(() => addon.flush(this.#number, this.#token, timeoutMs));
    }

    // ---- life ----

    /** Reads a file's ruleset again. On an error, with which this rejects, the last good one stays. */
    async reload(): Promise<void> {
        await this.#run(() => addon.reload(this.#number, this.#token));
    }

    /** Waits until there is a ruleset. False where that took longer. */
    async waitReady(timeoutMs: number = defaultTimeoutMs): Promise<boolean> {
        whole(timeoutMs, 'timeoutMs', 0);
        if (this.#isReady()) return true;
        if (this.status().state === 'CLOSED') return false;
        return new Promise((resolve) => {
            const settle = (ready: boolean): void => {
                clearTimeout(timer);
                silence();
                resolve(ready);
            };
            const timer = setTimeout(() => settle(this.#isReady()), Math.min(timeoutMs, longestTimerMs));
            const silence = this.#listeners.onStatus((status) => {
                if (status.state === 'CLOSED') settle(false);
                else if (this.#isReady()) settle(true);
            });
        });
    }

    status(): Status {
        return Object.freeze(camelCased<Status>(addon.status(this.#number)));
    }
    stats(): Stats {
        return Object.freeze(camelCased<Stats>(addon.stats(this.#number)));
    }

    /** Returns what takes the listener away again. */
    onStatus(listener: (status: Status) => void): () => void {
        if (typeof listener !== 'function') throw new TypeError(`a listener is a function, not ${typeName(listener)}`);
        return this.#listeners.onStatus(listener);
    }
    onRuleset(listener: (change: RulesetChange) => void): () => void {
        if (typeof listener !== 'function') throw new TypeError(`a listener is a function, not ${typeName(listener)}`);
        return this.#listeners.onRuleset(listener);
    }

    /**
     * Flushes for at most `shutdownTimeoutMs` and stops. Later calls answer from the last ruleset and record nothing. A client
     * that is open while the process ends is closed then, and so is one that is collected.
     */
    close(): Promise<void> {
        this.#closing ??= addon.close(this.#number, this.#token).then(() => undefined);
        return this.#closing;
    }
    /** The same, blocking. */
    closeSync(): void {
        addon.closeSync(this.#number);
        this.#closing ??= Promise.resolve();
    }

    #isReady(): boolean {
        return this.status().origin !== 'none';
    }

    #restoreUser(user: unknown): void {
        if (userPlace[0] !== UserPlace.unreadable && user instanceof User) {
            const number = userPlace[0] as number;
            User.restore(user);
            userPlace[0] = number;
        }
    }

    #run<T>(errand: () => Promise<T>): Promise<T> {
        const result = this.#errands.then(errand).catch((error: unknown) => {
            throw errorOf(error);
        });
        this.#errands = result.catch(() => undefined);
        return result;
    }
}

const loneSurrogate = /\p{Surrogate}/u;

/** For `JSON.stringify`, which would escape a lone surrogate, so that the library leaves all properties out. */
function propertyOf(name: string, value: unknown): unknown {
    if (loneSurrogate.test(name) || (typeof value === 'string' && loneSurrogate.test(value))) {
        throw new TypeError('the properties of an event hold a lone surrogate');
    }
    return typeof value === 'bigint' ? Number(value) : value;
}

declare global {
    interface SymbolConstructor {
        readonly asyncDispose: unique symbol;
    }
}

/** `await using client = await Client.open(…)`, where Node has `Symbol.asyncDispose` (18.18). */
export interface Client {
    [Symbol.asyncDispose](): Promise<void>;
}

const dispose = (Symbol as { asyncDispose?: symbol }).asyncDispose;
if (dispose !== undefined) {
    Object.defineProperty(Client.prototype, dispose, {
        value(this: Client) {
            return this.close();
        },
    });
}
