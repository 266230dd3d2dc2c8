// How current a client's ruleset is, and what became of its events.

export type State = 'CONNECTING' | 'READY' | 'STALE' | 'UNAUTHORIZED' | 'CLOSED';
export type Origin = 'none' | 'text' | 'file' | 'cache' | 'server';

export interface Status {
    readonly state: State;
    /** Where the ruleset came from. */
    readonly origin: Origin;
    /** How a server is followed. */
    readonly following: 'none' | 'streaming' | 'polling';
    readonly rulesetVersion: number;
    readonly environment: string;
    /** The last error that has not been mended since; empty where all is well. */
    readonly error: string;
    /** Unix milliseconds: when `state` began. */
    readonly sinceMs: number;
    /** Flags and experiments that this library does not support. */
    readonly unsupported: number;
}

/** A new ruleset. */
export interface RulesetChange {
    readonly version: number;
    readonly origin: Origin;
    /** A client's first ruleset: `keys` is empty. */
    readonly everything: boolean;
    /** Flags and experiments that are new, gone or evaluate by other rules. */
    readonly keys: readonly string[];
}

/**
 * At any moment: recorded + adopted = deduplicated + acknowledged + spooled + deadLettered + droppedQueueFull +
 * droppedShutdown + droppedSpool + inFlight.
 */
export interface Stats {
    readonly recorded: number;
    /** Found in the spools of processes that died. */
    readonly adopted: number;
    readonly deduplicated: number;
    readonly acknowledged: number;
    readonly spooled: number;
    readonly deadLettered: number;
    readonly droppedQueueFull: number;
    readonly droppedShutdown: number;
    /** Were on disk, and could not be read back. */
    readonly droppedSpool: number;
    readonly inFlight: number;
    readonly batches: number;
    readonly failedDeliveries: number;
    readonly rulesetVersion: number;
    readonly rulesetsAdopted: number;
    readonly rulesetsRefused: number;
    readonly unsupportedEntities: number;
    readonly liveImages: number;
    readonly imageBytes: number;
    readonly streamConnections: number;
}

/** The library's object with its members named as JavaScript names them. */
export function camelCased<T>(json: string): T {
    const members = Object.entries(JSON.parse(json) as object);
    return Object.fromEntries(
        members.map(([name, value]) => [name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()), value]),
    ) as T;
}
