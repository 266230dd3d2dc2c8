'use strict';
// OpenFeature's web SDK with its OFREP provider, as a page has it: evaluates all flags at once, follows the stream of changes.
//
// Usage:  node web.js PARTS URL KEY USER FLAG=FALLBACK...
// Prints a line of JSON for each: {"event": "ready"} and {"event": "changed", "flags"}, with the flags' details. Ends with its
// standard input.

const { createRequire } = require('node:module');

const [parts, url, key, user, ...flags] = process.argv.slice(2);
const load = createRequire(`${parts}/package.json`);
globalThis.EventSource = load('eventsource');  // a page has one
const { OpenFeature, ProviderEvents } = load('@openfeature/web-sdk');
const { OFREPWebProvider } = load('@openfeature/ofrep-web-provider');

function print(event, more) {
  const details = {};
  for (const flag of flags) {
    const [name, fallback] = [flag.split('=', 1)[0], JSON.parse(flag.slice(flag.indexOf('=') + 1))];
    const method = { boolean: 'getBooleanDetails', string: 'getStringDetails' }[typeof fallback];
    details[name] = OpenFeature.getClient()[method](name, fallback);
  }
  console.log(JSON.stringify({ event, ...more, details }));
}

async function main() {
  process.stdin.on('end', () => process.exit(0)).resume();
  OpenFeature.addHandler(ProviderEvents.ConfigurationChanged, (event) => print('changed', { flags: event.flagsChanged }));
  await OpenFeature.setContext({ targetingKey: user });
  const provider = new OFREPWebProvider({
    baseUrl: url, headers: [['Authorization', `Bearer ${key}`]], cacheMode: 'disabled', changeDetection: 'sse',
  });
  try {
    await OpenFeature.setProviderAndWait(provider);
  } catch (error) {
    console.log(JSON.stringify({ event: 'failed', message: String(error) }));
    return;
  }
  print('ready', {});
}

main();
