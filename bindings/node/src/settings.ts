// What a client is told when it is opened, checked: TypeError for a wrong type or an unknown name, RangeError for a number
// that cannot be. What only the library can judge it refuses itself.
import { Setting } from './addon';
import { RulesetChange, Status } from './status';
import { typeName } from './user';

export type Source =
    | { readonly server: string; readonly key: string }
    /** JSON or an image; looked at every `watchIntervalMs` (0, the default: only by `reload()`). */
    | { readonly file: string; readonly watchIntervalMs?: number }
    | { readonly text: string };

export interface KinesisOptions {
    readonly region?: string;
    readonly endpointUrl?: string;
    readonly profile?: string;
    readonly accessKeyId?: string;
    readonly secretAccessKey?: string;
    readonly sessionToken?: string;
    readonly aggregate?: boolean;
    readonly useFips?: boolean;
    readonly useDualStack?: boolean;
}

/** Where events go. Without `url` and `key` an intake is that of the source. */
export type Sink =
    | 'none' | 'http'
    | { readonly http: { readonly url: string; readonly key: string } }
    | { readonly file: string; readonly rotateBytes?: number; readonly rotatedFiles?: number }
    | ({ readonly kinesis: string } & KinesisOptions);

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

export interface ClientOptions {
    readonly source: Source;
    /** Without one nothing is recorded. */
    readonly sink?: Sink;
    /** A file that keeps the last ruleset, so that a host starts without its server. */
    readonly cache?: string;
    /** Named in events. */
    readonly project?: string;
    /** A folder that keeps what is not acknowledged, over the process's end. */
    readonly spool?: string;
    /** A file for what can never be delivered, with reasons. */
    readonly deadLetters?: string;
    /** Copied into exposures; none unless named here. */
    readonly eventAttributes?: readonly string[];
    readonly network?: {
        readonly proxy?: string;
        readonly caFile?: string;
        readonly connectTimeoutMs?: number;
        readonly requestTimeoutMs?: number;
    };
    /** False: poll only. */
    readonly streaming?: boolean;
    readonly pollIntervalMs?: number;
    readonly queueEvents?: number;
    readonly batchAgeMs?: number;
    readonly batchEvents?: number;
    /** 0: every exposure is recorded. */
    readonly dedupeWindowMs?: number;
    readonly spoolBytes?: number;
    readonly shutdownTimeoutMs?: number;
    readonly onLog?: (level: LogLevel, line: string) => void;
    readonly onStatus?: (status: Status) => void;
    readonly onRuleset?: (change: RulesetChange) => void;
}

type Kind = 'string' | 'int' | 'bool';
type Row = readonly [option: string, setting: string, kind: Kind, least?: number];

const options: readonly Row[] = [
    ['cache', 'cache', 'string'],
    ['project', 'project', 'string'],
    ['spool', 'spool', 'string'],
    ['deadLetters', 'dead_letters', 'string'],
    ['streaming', 'streaming', 'bool'],
    ['pollIntervalMs', 'poll_interval_ms', 'int', 1],
    ['queueEvents', 'queue_events', 'int', 1],
    ['batchAgeMs', 'batch_age_ms', 'int', 1],
    ['batchEvents', 'batch_events', 'int', 1],
    ['dedupeWindowMs', 'dedupe_window_ms', 'int', 0],
    ['spoolBytes', 'spool_bytes', 'int', 0],
    ['shutdownTimeoutMs', 'shutdown_timeout_ms', 'int', 0],
];
const networkOptions: readonly Row[] = [
    ['proxy', 'network.proxy', 'string'],
    ['caFile', 'network.ca_file', 'string'],
    ['connectTimeoutMs', 'network.connect_timeout_ms', 'int', 1],
    ['requestTimeoutMs', 'network.request_timeout_ms', 'int', 1],
];
const kinesisOptions: readonly Row[] = [
    ['region', 'kinesis.region', 'string'],
    ['endpointUrl', 'kinesis.endpoint_url', 'string'],
    ['profile', 'kinesis.profile', 'string'],
    ['accessKeyId', 'kinesis.access_key_id', 'string'],
    ['secretAccessKey', 'kinesis.secret_access_key', 'string'],
    ['sessionToken', 'kinesis.session_token', 'string'],
    ['aggregate', 'kinesis.aggregate', 'bool'],
    ['useFips', 'kinesis.use_fips', 'bool'],
    ['useDualStack', 'kinesis.use_dual_stack', 'bool'],
];
const elsewhere = ['source', 'sink', 'eventAttributes', 'network', 'onLog', 'onStatus', 'onRuleset'];

type Members = Readonly<Record<string, unknown>>;

function members(value: unknown, where: string, known: readonly string[]): Members {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new TypeError(`${where} is an object, not ${typeName(value)}`);
    }
    for (const name of Object.keys(value)) {
        if (!known.includes(name)) throw new TypeError(`${where} has no \`${name}\`; it has ${known.join(', ')}`);
    }
    return value as Members;
}

function text(value: unknown, where: string): string {
    if (typeof value !== 'string') throw new TypeError(`${where} is a string, not ${typeName(value)}`);
    if (/\p{Surrogate}/u.test(value)) throw new TypeError(`${where} holds a lone surrogate`);
    return value;
}

/** A text without null characters: the system would end a path there. */
function string(value: unknown, where: string): string {
    const checked = text(value, where);
    if (checked.includes('\0')) throw new TypeError(`${where} holds a null character`);
    return checked;
}

/** A whole number that JavaScript holds exactly. */
export function whole(value: unknown, where: string, least: number): number {
    if (typeof value !== 'number') throw new TypeError(`${where} is a number, not ${typeName(value)}`);
    if (!Number.isSafeInteger(value) || value < least) {
        throw new RangeError(`${where} is a whole number from ${least}, not ${value}`);
    }
    return value;
}

function read(rows: readonly Row[], from: Members, prefix: string): Setting[] {
    const settings: Setting[] = [];
    for (const [option, setting, kind, least = 0] of rows) {
        const value = from[option];
        const where = prefix + option;
        if (value === undefined) continue;
        if (kind === 'string') settings.push([kind, setting, string(value, where)]);
        else if (kind === 'int') settings.push([kind, setting, whole(value, where, least)]);
        else if (typeof value === 'boolean') settings.push([kind, setting, value]);
        else throw new TypeError(`${where} is true or false, not ${typeName(value)}`);
    }
    return settings;
}

type Kinds = Readonly<Record<string, readonly string[]>>;

const sources: Kinds = { server: ['key'], file: ['watchIntervalMs'], text: [] };
const sinks: Kinds = {
    http: [], file: ['rotateBytes', 'rotatedFiles'], kinesis: kinesisOptions.map(([option]) => option),
};

/** The members of what is of one of these kinds, and that kind, which the others' members do not go with. */
function ofOneKind(value: unknown, where: string, kinds: Kinds): [string, Members] {
    const names = Object.keys(kinds);
    const from = members(value, where, [...names, ...Object.values(kinds).flat()]);
    const [kind, ...others] = names.filter((name) => from[name] !== undefined);
    if (kind === undefined || others.length > 0) throw new TypeError(`${where} has one of ${names.join(', ')}`);
    for (const name of Object.keys(from)) {
        if (from[name] === undefined || name === kind || kinds[kind]?.includes(name)) continue;
        throw new TypeError(`${where}.${name} does not go with ${where}.${kind}`);
    }
    return [kind, from];
}

function source(value: unknown): Setting {
    const [kind, from] = ofOneKind(value, 'source', sources);
    switch (kind) {
        case 'server':
            return ['source_server', string(from.server, 'source.server'), string(from.key, 'source.key')];
        case 'text':
            return ['source_text', text(from.text, 'source.text')];
        default: {
            const interval = whole(from.watchIntervalMs ?? 0, 'source.watchIntervalMs', 0);
            return ['source_file', string(from.file, 'source.file'), interval];
        }
    }
}

function sink(value: unknown, hasServer: boolean): Setting[] {
    if (value === undefined || value === 'none') return [['sink_none']];
    if (value === 'http') {
        if (hasServer) return [['sink_http', '', '']];
        throw new TypeError("sink 'http' is the intake of the source's server, and the source has none: `{ http: { url, key } }`");
    }
    if (typeof value === 'string') throw new TypeError(`sink is 'none', 'http' or an object, not '${value}'`);
    const [kind, from] = ofOneKind(value, 'sink', sinks);
    switch (kind) {
        case 'http': {
            const { url, key } = members(from.http, 'sink.http', ['url', 'key']);
            return [['sink_http', string(url, 'sink.http.url'), string(key, 'sink.http.key')]];
        }
        case 'kinesis':
            return [['sink_kinesis', string(from.kinesis, 'sink.kinesis')], ...read(kinesisOptions, from, 'sink.')];
        default:
            return [
                ['sink_file', string(from.file, 'sink.file'), whole(from.rotateBytes ?? 0, 'sink.rotateBytes', 0)],
                ...read([['rotatedFiles', 'file.rotated_files', 'int', 0]], from, 'sink.'),
            ];
    }
}

/** The options as the addon takes them. */
export function settingsOf(value: ClientOptions): Setting[] {
    const from = members(value, 'options', [...elsewhere, ...options.map(([option]) => option)]);
    for (const callback of ['onLog', 'onStatus', 'onRuleset']) {
        const given = from[callback];
        if (given !== undefined && typeof given !== 'function') {
            throw new TypeError(`${callback} is a function, not ${typeName(given)}`);
        }
    }
    const origin = source(from.source);
    const settings = [origin, ...sink(from.sink, origin[0] === 'source_server'), ...read(options, from, '')];
    if (from.network !== undefined) {
        const network = members(from.network, 'network', networkOptions.map(([option]) => option));
        settings.push(...read(networkOptions, network, 'network.'));
    }
    if (from.eventAttributes !== undefined) {
        if (!Array.isArray(from.eventAttributes)) {
            throw new TypeError(`eventAttributes is an array, not ${typeName(from.eventAttributes)}`);
        }
        for (const name of from.eventAttributes) {
            settings.push(['string', 'event_attributes', string(name, 'an element of eventAttributes')]);
        }
    }
    return settings;
}
