#!/usr/bin/env node
// Builds the package in build/node/package of the repository: JavaScript from src, the addon for this machine in prebuilds, by
// prebuildify and cmake-js. What builds it comes from npm into build/node.
//
//     node build.mjs
//
// The package is a copy of this folder with its tests (tests/node), so that nothing built stands beside sources; `npm pack` there makes the tarball.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const top = join(here, '..', '..');
const parts = join(top, 'build', 'node');
const built = join(parts, 'package');
const modules = join(parts, 'node_modules');

function die(message) {
    console.error(message);
    process.exit(1);
}

function run(folder, program, ...args) {
    const { status } = spawnSync(program, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
    return status === 0;
}

// Asks the registry only where the list has changed since.
function installModules() {
    const lock = join(here, 'package-lock.json');
    const stamp = join(parts, 'installed');
    if (existsSync(stamp) && readFileSync(stamp).equals(readFileSync(lock))) return;
    mkdirSync(parts, { recursive: true });
    rmSync(stamp, { force: true });
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(here, name), join(parts, name));
    if (!run(parts, 'npm', 'ci', '--prefix', parts, '--ignore-scripts', '--no-audit', '--no-fund')) {
        die(`npm could not install what ${lock} lists, which the package is built with. Its own words are above; it needs the npm `
            + 'registry, or a cache of it (npm ci --prefer-offline)');
    }
    cpSync(lock, stamp);
}

function copyPackage() {
    rmSync(built, { recursive: true, force: true });
    mkdirSync(built);
    for (const name of readdirSync(here)) {
        if (name !== 'node_modules') cpSync(join(here, name), join(built, name), { recursive: true });
    }
    cpSync(join(top, 'tests', 'node'), join(built, 'tests'), { recursive: true }); // where they can import the package by name
    cpSync(join(top, 'LICENSE'), join(built, 'LICENSE'));
}

function prebuild() {
    const tool = join(modules, 'prebuildify', 'bin.js');
    const inPlaceOfNodeGyp = join(here, 'build_addon.mjs');
    const work = join(parts, 'build');
    const words = ['--napi', '--strip', '--tag-libc', '--cwd', parts, '--out', built, '--cache', work, '--node-gyp', inPlaceOfNodeGyp];
    if (!run(parts, process.execPath, tool, ...words)) {
        die('The addon could not be built: the reason is above. It needs cmake, a C++20 compiler and the libraries that .ci/setup.sh '
            + 'lists, which `./dev setup node` installs');
    }
    const licenses = join(work, 'licenses'); // of what is inside the addon
    if (existsSync(licenses)) cpSync(licenses, built, { recursive: true });
}

installModules();
copyPackage();
if (!run(built, process.execPath, join(modules, 'typescript', 'bin', 'tsc'), '-p', '.')) die('The TypeScript does not compile');
prebuild();
if (!existsSync(join(top, 'build', 're2')) || !existsSync(join(top, 'build', 'abseil'))) {
    console.warn('The addon needs the RE2 and the abseil of this machine: `./dev test node` fetches their sources, to have them inside.');
}
