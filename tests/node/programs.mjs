// Runs a piece of JavaScript as a program of its own, with `Client`, `User` and `options` at hand.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { packageFolder } from './folders.mjs';
import { typesText } from './rulesets.mjs';

const beginning = `
const { Client, User } = require(${JSON.stringify(packageFolder + '/')});
const options = { source: { text: ${JSON.stringify(typesText)} } };
`;

/** `{code, signal, output}`; the output is both streams'. */
export function run(program, ...flags) {
    const folder = mkdtempSync(join(tmpdir(), 'expplat-node-'));
    const file = join(folder, 'program.cjs');
    writeFileSync(file, beginning + program);
    return new Promise((resolve) => {
        execFile(process.execPath, [...flags, file], { timeout: 120_000 }, (error, stdout, stderr) => {
            rmSync(folder, { recursive: true });
            resolve({ code: error?.code ?? 0, signal: error?.signal ?? null, output: stdout + stderr });
        });
    });
}
