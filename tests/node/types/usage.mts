// Checked by tsc in strict mode, never run: what the types must allow, and what they must not.
import { Client, ExpplatError, User, type Detail, type Handle, type Stats, type Status, type Variant } from 'expplat';

const client: Client = await Client.open({
    source: { server: 'http://127.0.0.1', key: 'k' }, sink: { kinesis: 'stream', region: 'eu-central-1' },
    onStatus: (status: Status) => status.rulesetVersion.toFixed(), onLog: (level, line) => level === 'error' && line.length,
});
const user = new User('u', { country: 'DE', age: 5, big: 5n, tags: ['a', 1, true], device: { os: 'ios' }, since: new Date(0), none: null });
const answer: Variant = client.variant('key', user);
const bool: boolean = client.boolean('key', { key: 'u', attributes: { a: 1 } }, false);
const whole: number = client.integer('key', user, 5);
const big: bigint = client.integer('key', user, 5n);
const text: string = client.string('key', user, '');
const page: { title: string } = client.object('key', user, { title: '' });
const detail: Detail<string> = client.stringDetail('key', user, '');
const handle: Handle = client.handle('key');
const stats: Stats = client.stats();
const sent: boolean = await client.flush(100);
const recorded: boolean = client.track('event', user, 1.5, { a: 1 });
const ending: Promise<void> = client[Symbol.asyncDispose]();
export { ending, answer, big, bool, detail, handle, page, recorded, sent, stats, text, whole };

// @ts-expect-error a source is needed
await Client.open({});
// @ts-expect-error no such option
await Client.open({ source: { text: '' }, colour: 'red' });
// @ts-expect-error the default has another type
client.boolean('key', user, 'no');
// @ts-expect-error a key is a string
client.variant(5, user);
// @ts-expect-error answers do not change
answer.variant = 'other';
// @ts-expect-error users do not change
user.key = 'other';
// @ts-expect-error a client is opened, not made
new Client();
new ExpplatError('not_found', 'message');
// @ts-expect-error no such code
new ExpplatError('nothing', 'message');
