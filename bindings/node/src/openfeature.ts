// OpenFeature's provider (@openfeature/server-sdk): evaluates in this process, tells of changes, takes tracking events.
import {
    ErrorCode, EvaluationContext, Hook, JsonValue, OpenFeatureEventEmitter, Provider, ProviderFatalError,
    ProviderNotReadyError, ResolutionDetails, ServerProviderEvents, TrackingEventDetails,
} from '@openfeature/server-sdk';

import { Client } from './client';
import { ClientOptions, whole } from './settings';
import { RulesetChange, Status } from './status';
import { Attributes, UserLike } from './user';
import { Detail, isStatic } from './variant';

export interface ProviderOptions {
    /** How long `initialize` waits for a ruleset; without one in that time the provider is in error until one comes. */
    readonly readyTimeoutMs?: number;
    readonly hooks?: Hook[];
}

/**
 * Opens its client when OpenFeature initializes it, and closes that client with the provider; a client that is given stays
 * its owner's. Reasons that only this library has (`HOLDOUT`, `NOT_TARGETED`, `NOT_ENROLLED`, `PREREQUISITE_FAILED`) are
 * `DEFAULT`, and stand in the metadata as `reason`; a flag that answers everybody the same says `STATIC`.
 */
export class ExpplatProvider implements Provider {
    readonly metadata = { name: 'expplat' } as const;
    readonly runsOn = 'server';
    readonly events = new OpenFeatureEventEmitter();
    readonly hooks: Hook[];
    readonly #given: Client | ClientOptions;
    readonly #readyTimeoutMs: number;
    #client: Client | undefined;
    #silence: (() => void)[] = [];
    #isInitialized = false;

    constructor(client: Client | ClientOptions, options: ProviderOptions = {}) {
        if (typeof client !== 'object' || client === null) {
            throw new TypeError('a provider is made of a Client, or of the options of one');
        }
        this.#given = client;
        this.#client = client instanceof Client ? client : undefined;
        this.#readyTimeoutMs = whole(options.readyTimeoutMs ?? 5_000, 'readyTimeoutMs', 0);
        this.hooks = [...(options.hooks ?? [])];
    }

    /** Undefined until OpenFeature has initialized the provider. */
    get client(): Client | undefined {
        return this.#client;
    }

    async initialize(): Promise<void> {
        try {
            this.#client ??= await Client.open(this.#given as ClientOptions);
        } catch (error) {
            throw new ProviderFatalError((error as Error).message, { cause: error as Error });
        }
        const client = this.#client;
        this.#silence = [
            client.onStatus((status) => this.#tellStatus(status)), client.onRuleset((change) => this.#tellChange(change)),
        ];
        const isReady = await this.#waitReady(client);
        this.#isInitialized = true;
        const { state, error } = client.status();
        if (!isReady && state === 'UNAUTHORIZED') throw new ProviderFatalError(error);
        if (!isReady) throw new ProviderNotReadyError(error === '' ? 'no ruleset yet' : error);
        // OpenFeature says READY once this is done; what is not current says so after that.
        if (state !== 'READY') setImmediate(() => this.#tellStatus(client.status()));
    }

    async onClose(): Promise<void> {
        for (const silence of this.#silence.splice(0)) silence();
        const client = this.#client;
        if (client === undefined || client === this.#given) return;
        await client.close();
    }

    // ---- answers ----

    async resolveBooleanEvaluation(
        key: string, fallback: boolean, context: EvaluationContext): Promise<ResolutionDetails<boolean>> {
        return this.#resolve(fallback, (client) => client.booleanDetail(key, userOf(context), fallback));
    }
    async resolveStringEvaluation(
        key: string, fallback: string, context: EvaluationContext): Promise<ResolutionDetails<string>> {
        return this.#resolve(fallback, (client) => client.stringDetail(key, userOf(context), fallback));
    }
    async resolveNumberEvaluation(
        key: string, fallback: number, context: EvaluationContext): Promise<ResolutionDetails<number>> {
        return this.#resolve(fallback, (client) => client.numberDetail(key, userOf(context), fallback));
    }
    async resolveObjectEvaluation<T extends JsonValue>(
        key: string, fallback: T, context: EvaluationContext): Promise<ResolutionDetails<T>> {
        return this.#resolve(
            fallback, (client) => client.objectDetail(key, userOf(context), fallback as object) as unknown as Detail<T>);
    }

    track(name: string, context: EvaluationContext, { value, ...properties }: TrackingEventDetails = {}): void {
        const hasProperties = Object.keys(properties).length > 0;
        this.#client?.track(name, userOf(context), value, hasProperties ? (properties as Attributes) : undefined);
    }

    #resolve<T>(fallback: T, ask: (client: Client) => Detail<T>): ResolutionDetails<T> {
        if (this.#client === undefined) {
            return { value: fallback, reason: 'ERROR', errorCode: ErrorCode.PROVIDER_NOT_READY };
        }
        const answer = ask(this.#client);
        if (answer.error !== null) {
            return {
                value: fallback, reason: 'ERROR', errorCode: answer.error as ErrorCode, errorMessage: messages[answer.error],
            };
        }
        const isOwn = ownReasons.has(answer.reason);
        return {
            value: answer.value,
            reason: isStatic(answer) ? 'STATIC' : isOwn ? 'DEFAULT' : answer.reason,
            ...(answer.variant === null ? {} : { variant: answer.variant }),
            ...(isOwn ? { flagMetadata: { reason: answer.reason } } : {}),
        };
    }

    // ---- events ----

    /** Ready, or refused for good, or out of patience. */
    async #waitReady(client: Client): Promise<boolean> {
        let silence = (): void => undefined;
        const refused = new Promise<boolean>((resolve) => {
            silence = client.onStatus(({ state, origin }) => {
                if (state === 'UNAUTHORIZED' && origin === 'none') resolve(false);
            });
        });
        if (client.status().state === 'UNAUTHORIZED' && client.status().origin === 'none') return false;
        try {
            return await Promise.race([client.waitReady(this.#readyTimeoutMs), refused]);
        } finally {
            silence();
        }
    }

    #tellStatus({ state, error }: Status): void {
        if (!this.#isInitialized) return;
        if (state === 'READY') this.events.emit(ServerProviderEvents.Ready);
        else if (state === 'STALE') this.events.emit(ServerProviderEvents.Stale, { message: error });
        else if (state === 'UNAUTHORIZED') {
            this.events.emit(ServerProviderEvents.Error, { message: error, errorCode: ErrorCode.PROVIDER_FATAL });
        }
    }

    #tellChange({ keys, everything }: RulesetChange): void {
        if (!this.#isInitialized || everything) return;
        this.events.emit(ServerProviderEvents.ConfigurationChanged, { flagsChanged: [...keys] });
    }
}

const ownReasons = new Set(['HOLDOUT', 'NOT_TARGETED', 'NOT_ENROLLED', 'PREREQUISITE_FAILED']);

const messages = {
    FLAG_NOT_FOUND: 'there is no such flag or experiment',
    TYPE_MISMATCH: 'its value has another type',
    TARGETING_KEY_MISSING: 'the context has no targetingKey, or not the attribute that is bucketed',
    PARSE_ERROR: 'the context is no user',
    PROVIDER_NOT_READY: 'there is no ruleset yet',
    GENERAL: 'this library does not support it',
} as const;

function userOf(context: EvaluationContext): UserLike {
    const { targetingKey, ...attributes } = context;
    return { key: targetingKey as string | undefined, attributes: attributes as Attributes };
}
