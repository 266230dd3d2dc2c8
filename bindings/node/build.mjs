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
const jobs = process.env.JOBS ?? '2';

function run(program, ...args) {
    execFileSync(program, args, { cwd: built, stdio: ['ignore', 'inherit', 'inherit'] });
}

function has(program) {
    try {
        execFileSync(program, ['--version'], { stdio: 'ignore' });
        return true;
    } catch {
        return false;
    }
}

function copyPackage() {
    mkdirSync(built, { recursive: true });
    for (const name of readdirSync(built)) {
        if (name !== 'prebuilds') rmSync(join(built, name), { recursive: true });
    }
    for (const name of readdirSync(here)) {
        if (name !== 'node_modules' && name !== 'prebuilds') cpSync(join(here, name), join(built, name), { recursive: true });
    }
    cpSync(join(top, 'tests', 'node'), join(built, 'tests'), { recursive: true }); // where they can import the package by name
    cpSync(join(top, 'LICENSE'), join(built, 'LICENSE'));
}

function buildAddon() {
    const work = join(parts, 'addon');
    const options = [
        '-DCMAKE_BUILD_TYPE=Release', '-DCMAKE_CXX_COMPILER=g++', '-DEXPPLAT_WARNINGS_AS_ERRORS=ON',
        `-DEXPPLAT_NODE_MODULES=${modules}`,
    ];
    if (has('ninja')) options.push('-GNinja');
    if (has('ccache')) options.push('-DCMAKE_CXX_COMPILER_LAUNCHER=ccache');
    run('cmake', '-S', here, '-B', work, ...options);
    run('cmake', '--build', work, '--parallel', jobs, '--target', 'expplat_node');
    return join(work, 'expplat.node');
}

copyPackage();
run(process.execPath, join(modules, 'typescript', 'bin', 'tsc'), '-p', '.');
const addon = buildAddon();
const place = join(built, 'prebuilds', `${process.platform}-${process.arch}`);
rmSync(place, { recursive: true, force: true });
mkdirSync(place, { recursive: true });
const prebuilt = join(place, 'expplat.napi.glibc.node'); // as prebuildify names it, and node-gyp-build looks for it
cpSync(addon, prebuilt);
if (has('strip')) run('strip', '--strip-unneeded', prebuilt);
const licenses = join(dirname(addon), 'licenses'); // of what is inside the addon
if (existsSync(licenses)) cpSync(licenses, built, { recursive: true });
if (!existsSync(join(built, 'dist', 'index.js'))) throw new Error('tsc has left no JavaScript');
console.log(`${basename(built)}: ${readdirSync(place).join(', ')}`);
