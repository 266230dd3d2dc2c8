// expplat: feature flags and experiments, answered inside this process.
import { addon } from './addon';

export { Client } from './client';
export { ExpplatError, type ErrorCode } from './error';
export { Handle } from './handle';
export type { ClientOptions, KinesisOptions, LogLevel, Sink, Source } from './settings';
export type { Origin, RulesetChange, State, Stats, Status } from './status';
export { User, type Attributes, type AttributeValue, type UserLike } from './user';
export type { Detail, EvaluationError, JsonObject, JsonValue, Reason, Variant } from './variant';

/** The library's. */
export const version: string = addon.version;
