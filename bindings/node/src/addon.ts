// The addon, loaded once for each environment. Nobody else calls it: its functions trust their arguments.
import { join } from 'node:path';

/** `[key, variant, value, reason, rule, error, exposure, version, static]` */
export type Description = [
    string | null, string | null, unknown, string, string | null, string | null, boolean, number, boolean,
];

/** `[function, argument...]`; see `addon/settings.cpp`. */
export type Setting = [string, ...(string | number | boolean)[]];

/** What a client says of itself: a line of its log with a level, or JSON. */
export type Listener = (kind: number, level: number, text: string) => void;

/** Ends the client when it is collected. */
export type Token = object;

export interface Addon {
    ask(): Description | undefined;
    askText(key: string): Description | undefined;
    words(): ArrayBuffer;
    reserve(items: number, textBytes: number): [ArrayBuffer, ArrayBuffer];
    internName(name: string): number;
    intern(client: number, key: string): number;
    keepUser(number: number): boolean;
    keepUserJson(number: number, json: string): void;
    evaluateAll(): Description[];
    evaluateCase(client: number, line: string): Description;
    track(event: string, value: number | undefined, properties: string | undefined): boolean;
    status(client: number): string;
    stats(client: number): string;
    open(settings: Setting[], listener: Listener): Promise<[number, Token]>;
    openSync(settings: Setting[], listener: Listener): [number, Token];
    flush(client: number, token: Token, timeoutMs: number): Promise<boolean>;
    reload(client: number, token: Token): Promise<boolean>;
    close(client: number, token: Token): Promise<boolean>;
    closeSync(client: number): void;
    closeAll(): void;
    version: string;
}

function load(): Addon {
    try {
        return require('node-gyp-build')(join(__dirname, '..'));
    } catch (error) {
        const { platform, arch, version } = process;
        throw new Error(
            `expplat has no addon that Node ${version} can load on ${platform}-${arch}. One is built on such a machine from a clone `
            + `of the repository: bindings/node/README.md, "The package". The reason: ${(error as Error).message.trim()}`,
            { cause: error });
    }
}

export const addon: Addon = load();

// What is still open is closed while JavaScript ends, so that what waits is sent.
process.once('exit', () => addon.closeAll());
