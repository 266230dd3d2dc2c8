// What a client says of itself, on its way to the program's callbacks and to who waits for a ruleset.
//
// It holds no client, so that one that nobody uses can be collected. A callback that throws is an uncaught exception, as one
// of a timer is.
import { ClientOptions, LogLevel } from './settings';
import { camelCased, RulesetChange, Status } from './status';

const levels: readonly LogLevel[] = ['debug', 'info', 'warning', 'error'];
const enum Message { log, status, ruleset }

export class Listeners {
    readonly #onLog: ClientOptions['onLog'];
    readonly #status = new Set<(status: Status) => void>();
    readonly #ruleset = new Set<(change: RulesetChange) => void>();

    constructor(options: ClientOptions) {
        this.#onLog = options.onLog;
        if (options.onStatus) this.#status.add(options.onStatus);
        if (options.onRuleset) this.#ruleset.add(options.onRuleset);
    }

    /** Called by the addon, on the event loop. */
    readonly receive = (kind: number, level: number, text: string): void => {
        if (kind === Message.log) {
            this.#onLog?.(levels[level] ?? 'error', text);
        } else if (kind === Message.status) {
            const status = Object.freeze(camelCased<Status>(text));
            for (const listener of [...this.#status]) listener(status);
        } else {
            const change = Object.freeze(JSON.parse(text) as RulesetChange);
            for (const listener of [...this.#ruleset]) listener(change);
        }
    };

    /** Returns what takes the listener away again. */
    onStatus(listener: (status: Status) => void): () => void {
        this.#status.add(listener);
        return () => this.#status.delete(listener);
    }
    onRuleset(listener: (change: RulesetChange) => void): () => void {
        this.#ruleset.add(listener);
        return () => this.#ruleset.delete(listener);
    }
}
