#!/usr/bin/env node
// Builds the package in build/node/package of the repository: JavaScript from src, the addon for this machine in prebuilds.
//
//     node build.mjs        npm's packages are expected in build/node (`npm ci` with this folder's package-lock.json)
//
// The package is a copy of this folder with its tests (tests/node), so that nothing built stands beside sources; `npm pack` there makes the tarball.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const top = join(here, '..', '..');
const parts = join(top, 'build', 'node');
const built = join(parts, 'package');
const modules = join(parts, 'node_modules');

function run(program, ...args) {
    execFileSync(program, args, { cwd: built, stdio: ['ignore', 'inherit', 'inherit'] });
}

function copyPackage() {
    rmSync(built, { recursive: true, force: true });
    mkdirSync(built, { recursive: true });
    for (const name of readdirSync(here)) {
        if (name !== 'node_modules' && name !== 'prebuilds') cpSync(join(here, name), join(built, name), { recursive: true });
    }
    cpSync(join(top, 'tests', 'node'), join(built, 'tests'), { recursive: true }); // where they can import the package by name
    cpSync(join(top, 'LICENSE'), join(built, 'LICENSE'));
}

// prebuildify builds by node-gyp, or what is given in its place: here cmake-js.
function buildAddon() {
    run(process.execPath, join(modules, 'prebuildify', 'bin.js'), `--node-gyp=${join(here, 'build_addon.mjs')}`,
        `--target=${process.versions.node}`, '--name=expplat', '--napi', '--strip', '--tag-libc', `--cwd=${parts}`, `--out=${built}`);
}

copyPackage();
run(process.execPath, join(modules, 'typescript', 'bin', 'tsc'), '-p', '.');
buildAddon();
const licenses = join(parts, 'build', 'licenses'); // of what is inside the addon
if (existsSync(licenses)) cpSync(licenses, built, { recursive: true });
if (!existsSync(join(built, 'dist', 'index.js'))) throw new Error('tsc has left no JavaScript');
console.log(`${basename(built)}: ${readdirSync(join(built, 'prebuilds', `${process.platform}-${process.arch}`)).join(', ')}`);
