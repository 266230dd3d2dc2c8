// Errors at set-up. An answer is never one: it is the caller's default with a reason.

export type ErrorCode =
    | 'invalid_argument' | 'not_found' | 'io' | 'invalid_ruleset' | 'invalid_image' | 'image_version' | 'too_large'
    | 'unsupported' | 'not_ready' | 'closed' | 'timeout' | 'unauthorized' | 'network' | 'out_of_memory';

/** What the library refuses, with its code. What has the wrong type is a TypeError, what is out of range a RangeError. */
export class ExpplatError extends Error {
    override readonly name = 'ExpplatError';

    constructor(readonly code: ErrorCode, message: string) {
        super(message);
    }
}

/** What the addon threw. */
export function errorOf(thrown: unknown): unknown {
    const { code, message } = thrown as { code?: ErrorCode; message: string };
    return typeof code === 'string' ? new ExpplatError(code, message) : thrown;
}
