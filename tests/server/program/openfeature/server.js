'use strict';
// OpenFeature's server SDK with its OFREP provider: answers questions, a line of JSON each.
//
// Usage:  node server.js PARTS URL < QUESTIONS
//   PARTS       the folder with node_modules
//   QUESTIONS   lines: {"key", "method": "getStringDetails", "fallback", "context", "headers"}
// A question's headers choose a provider; the provider of each set of headers stays.

const readline = require('node:readline');
const { createRequire } = require('node:module');

const [parts, url] = process.argv.slice(2);
const load = createRequire(`${parts}/package.json`);
const { OpenFeature } = load('@openfeature/server-sdk');
const { OFREPProvider } = load('@openfeature/ofrep-provider');

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { key, method, fallback, context, headers } = JSON.parse(line);
    const domain = JSON.stringify(headers);
    if (OpenFeature.getProvider(domain).metadata.name !== 'OpenFeature Remote Evaluation Protocol Server') {
      await OpenFeature.setProviderAndWait(domain, new OFREPProvider({ baseUrl: url, headers }));
    }
    const details = await OpenFeature.getClient(domain)[method](key, fallback, context);
    console.log(JSON.stringify(details));
  }
  await OpenFeature.close();
}

main();
