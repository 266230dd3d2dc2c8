// The package as others get it: packed, installed into an empty project, and then the README's quickstart, by `import`, by
// `require`, and through the TypeScript compiler.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import { packageFolder, top } from './folders.mjs';

const folder = mkdtempSync(join(tmpdir(), 'expplat-node-'));
const project = join(folder, 'project');
after(() => rmSync(folder, { recursive: true }));

function run(program, ...words) {
    try {
        return execFileSync(program, words, { cwd: project, encoding: 'utf8', env: { ...process.env, NO_UPDATE_NOTIFIER: '1' } });
    } catch (error) {
        throw new Error(`${words.join(' ')}: ${error.stdout}${error.stderr}`);
    }
}

before(() => {
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{"name": "empty", "private": true}');
    const [{ filename }] = JSON.parse(run('npm', 'pack', '--json', '--pack-destination', folder, packageFolder));
    run('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, filename));
    cpSync(join(top, 'examples'), join(project, 'examples'), { recursive: true });
});

const installed = () => join(project, 'node_modules', 'expplat');

function quickstarts() {
    return [join(top, 'README.md'), join(top, 'bindings', 'node', 'README.md')].map((page) => {
        const blocks = [...readFileSync(page, 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, text]) => text);
        const [block] = blocks.filter((text) => text.includes("from 'expplat';"));
        assert.ok(block, `${page} has no quickstart`);
        return block;
    });
}

function check(output) {
    assert.equal(output, 'new-ui: on\ncheckout-cta: green\n');
    const events = readFileSync(join(project, 'exposures.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(events.map(({ type }) => type).sort(), ['exposure', 'track']);
    rmSync(join(project, 'exposures.jsonl'));
}

test('the pages have one quickstart, of ten lines', () => {
    const [first, second] = quickstarts();
    assert.equal(first, second);
    assert.ok(first.trim().split('\n').filter((line) => line !== '').length <= 10);
});

test('the quickstart by import', () => {
    writeFileSync(join(project, 'quickstart.mjs'), quickstarts()[0]);
    check(run(process.execPath, 'quickstart.mjs'));
});

test('the quickstart by require', () => {
    const body = quickstarts()[0].replace("import { Client, User } from 'expplat';", "const { Client, User } = require('expplat');");
    writeFileSync(join(project, 'quickstart.cjs'), `(async () => {\n${body}})();\n`);
    check(run(process.execPath, 'quickstart.cjs'));
});

const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const strictly = [
    '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--target', 'es2022', '--lib', 'es2022',
    '--module', 'node16', '--moduleResolution', 'node16',
];

test('types hold in strict mode, by import and by require', () => {
    cpSync(join(packageFolder, 'tests', 'types', 'usage.mts'), join(project, 'usage.mts'));
    writeFileSync(join(project, 'usage.cts'),
        "import { Client, User } from 'expplat';\nexport const client: Client = Client.openSync({ source: { text: '' } });\n"
        + "export const yes: boolean = client.boolean('k', new User(), true);\n");
    writeFileSync(join(project, 'console.d.ts'), 'declare const console: { log(text: string): void };\n');
    writeFileSync(join(project, 'quickstart.mts'), quickstarts()[0]);
    run(process.execPath, compiler, ...strictly, 'usage.mts', 'usage.cts', 'quickstart.mts', 'console.d.ts');
});

test('`await using` closes a client', () => {
    writeFileSync(join(project, 'using.mts'), "import { Client } from 'expplat';\nlet kept: Client;\n{\n"
        + "    await using client = await Client.open({ source: { file: 'examples/quickstart.json' } });\n    kept = client;\n}\n"
        + 'console.log(kept.status().state);\n');
    run(process.execPath, compiler, ...strictly, '--noEmit', 'false', '--lib', 'es2022,esnext.disposable', 'using.mts', 'console.d.ts');
    assert.equal(run(process.execPath, 'using.mjs'), 'CLOSED\n');
});

test('the types of the provider hold', () => {
    execFileSync(process.execPath, [compiler, ...strictly, '--skipLibCheck', '--types', 'node', 'tests/types/provider.mts'],
        { cwd: packageFolder, encoding: 'utf8' });
});

test('everything is inside the addon, which shows and lacks no symbol but Node-API\'s', () => {
    const place = join(installed(), 'prebuilds', `${process.platform}-${process.arch}`);
    assert.deepEqual(readdirSync(place), ['expplat.glibc.node']);
    const addon = join(place, 'expplat.glibc.node');
    const needed = [...run('readelf', '-d', addon).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name);
    assert.deepEqual(needed.filter((name) => !/^(lib(c|m|gcc_s|stdc\+\+)\.so\.|ld-linux)/.test(name)), []);
    const lacking = [...run('ldd', '-r', addon).matchAll(/undefined symbol: (\S+)/g)].map(([, name]) => name);
    assert.deepEqual(lacking.filter((name) => !/^(napi|node_api)_/.test(name)), []);
    const shown = run('nm', '-D', '--defined-only', addon).trim().split('\n').map((line) => line.split(' ').at(-1));
    assert.deepEqual(shown.filter((name) => !/^(napi_register_module_v1|node_api_module_get_api_version_v1)$/.test(name)), []);
});

test('nothing is in the package but what it needs', () => {
    const names = readdirSync(installed()).sort();
    assert.deepEqual(names, [
        'LICENSE', 'LICENSE-OpenSSL', 'LICENSE-RE2', 'LICENSE-abseil', 'LICENSE-c-ares', 'LICENSE-nlohmann_json', 'LICENSE-node-addon-api',
        'LICENSE-xxHash', 'LICENSE-zstd', 'README.md', 'dist', 'index.d.mts', 'index.mjs', 'openfeature.d.mts', 'openfeature.mjs',
        'package.json', 'prebuilds',
    ]);
    assert.ok(!existsSync(join(project, 'node_modules', '@openfeature')), 'OpenFeature is for who has it');
});

test('where there is no addon for the machine, import and require say so', () => {
    const musl = { ...process.env, LIBC: 'musl' }; // as node-gyp-build finds it on Alpine
    for (const program of ["require('expplat')", "import('expplat')"]) {
        const { status, stderr } = spawnSync(process.execPath, ['-e', program], { cwd: project, encoding: 'utf8', env: musl });
        assert.equal(status, 1);
        assert.match(stderr, /Error: expplat has no addon that Node v\S+ can load on linux-\S+ One is built .* The reason: .*libc=musl/);
    }
});

test('an addon is built for the machine that builds it', () => {
    const script = join(top, 'bindings', 'node', 'build_addon.mjs');
    assert.throws(() => run(process.execPath, script, 'rebuild', '--arch=mips'), /for the machine that builds it, \S+, not for mips/);
});

test('the bill of materials names the versions that npm installs', () => {
    const { packages } = JSON.parse(readFileSync(join(top, 'bindings', 'node', 'package-lock.json'), 'utf8'));
    const named = JSON.parse(readFileSync(join(top, 'packaging', 'dependencies.json'), 'utf8')).filter(({ name }) => name.startsWith('node-'));
    assert.deepEqual(named.map(({ name }) => name).sort(), ['node-addon-api', 'node-api-headers', 'node-gyp-build']);
    for (const { name, version } of named) assert.equal(packages[`node_modules/${name}`].version, version, name);
});
