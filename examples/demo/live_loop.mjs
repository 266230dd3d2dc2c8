#!/usr/bin/env node
// The live half of the demo in JavaScript: what live.cpp does, by the package `expplat`. live.py runs it.
//
//     live_loop.mjs SERVER_URL SDK_KEY KINESIS_URL STREAM COUNTS_FILE
//
// Asks one experiment for the same users, over and over, until a second after somebody has changed the experiment on the
// server. COUNTS_FILE gets what must be in the stream, and who got what before the change and after it.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { Client, User } = createRequire(import.meta.url)('../../build/node/package/dist/index.js');

const users = 4_000;
const experiment = 'checkout-cta';
const patienceMs = 20_000; // until the change comes
const askedOnForMs = 1_000; // after it has come

const nowMs = () => performance.timeOrigin + performance.now();
const grouped = (number) => number.toLocaleString('en-US');

/** Who got what before and after, when the first answer under the new version came, and the answers counted. */
function askUntilItChanged(client) {
    const people = Array.from({ length: users }, (_, number) => new User(`user-${number}`, { country: 'DE' }));
    const handle = client.handle(experiment);
    const version = client.status().rulesetVersion;
    const watch = { before: Array(users).fill(null), after: Array(users).fill(null), first: undefined, asked: 0, exposures: 0 };
    const start = nowMs();
    let end = start + patienceMs;
    while (nowMs() < end) {
        for (let number = 0; number < users; ++number) {
            const answer = handle.variant(people[number]);
            if (answer.version === version) {
                watch.before[number] = answer.variant;
            } else {
                if (watch.first === undefined) {
                    watch.first = nowMs();
                    end = watch.first + askedOnForMs;
                }
                watch.after[number] = answer.variant;
            }
            watch.exposures += answer.exposure;
        }
        watch.asked += users;
    }
    watch.seconds = (nowMs() - start) / 1e3;
    return watch;
}

function count(variants) {
    const got = (wanted) => variants.filter((variant) => variant === wanted).length;
    return { control: got('control'), green: got('green') };
}

async function run(server, key, kinesis, stream, countsPath) {
    const client = await Client.open({
        source: { server, key },
        sink: {
            kinesis: stream, region: 'us-east-1', endpointUrl: kinesis, accessKeyId: 'demo', secretAccessKey: 'demo',
            aggregate: false,
        },
        project: 'demo',
        onLog: (level, line) => {
            if (level === 'warning' || level === 'error') console.error(`live_loop.mjs: ${line}`);
        },
    });
    if (!(await client.waitReady(10_000))) throw new Error(`no ruleset: ${client.status().error}`);
    const { before, after, first, asked, exposures, seconds } = askUntilItChanged(client);
    const posted = Number(readFileSync(0, 'utf8')) / 1e3; // it comes in microseconds
    if (first === undefined) throw new Error(`no change came in ${seconds.toFixed(0)} s`);
    const flushed = await client.flush(30_000);
    const stats = client.stats();
    const kept = before.every((was, number) => was === null || was === after[number]);
    const addsUp = flushed && stats.recorded === exposures && exposures === stats.deduplicated + stats.acknowledged;
    console.log(
        `\nThe same in Node\n\n  ${grouped(asked)} answers on one thread in ${seconds.toFixed(1)} s; the first under the new version`
        + ` came ${(first - posted).toFixed(1)} ms after\n  the change was posted. Those who were in the experiment before `
        + `${kept ? 'kept their variant' : 'did NOT all keep their variant'}.\n  ${grouped(stats.recorded)} exposures = `
        + `${grouped(stats.deduplicated)} deduplicated + ${grouped(stats.acknowledged)} acknowledged by Kinesis: `
        + `${addsUp ? 'it adds up' : 'it does NOT add up'}`);
    writeFileSync(countsPath, JSON.stringify({
        acknowledged: stats.acknowledged, failed_deliveries: stats.failedDeliveries, before: count(before), variants: count(after),
    }));
    await client.close();
    return kept && addsUp && first >= posted;
}

run(...process.argv.slice(2)).then(
    (right) => (process.exitCode = right ? 0 : 1),
    (error) => {
        console.error(`live_loop.mjs: ${error.message}`);
        process.exit(1);
    });
