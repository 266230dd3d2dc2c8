#!/usr/bin/env node
// Builds the addon with cmake-js. prebuildify runs this where it would run node-gyp, with node-gyp's arguments, and takes
// expplat.node from build/Release of the folder that it was told to work in.
//
// `--target` and `--devdir` name a version of Node and a place for its headers: Node-API is the same in all versions, and its
// headers are npm's, so that nothing is asked of nodejs.org.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const work = process.cwd();
const modules = join(work, 'node_modules');
const { values: { arch, debug } } = parseArgs({
    allowPositionals: true,
    options: {
        arch: { type: 'string', default: process.arch },
        debug: { type: 'boolean', default: false },
        devdir: { type: 'string' },
        release: { type: 'boolean' },
        target: { type: 'string' },
    },
});
if (arch !== process.arch) throw new Error(`the addon is built for the machine that builds it, ${process.arch}, not for ${arch}`);

function has(program) {
    return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

function cmakeJs(verb, ...more) {
    const words = [
        verb, '--directory', here, '--out', join(work, 'build'), '--config', debug ? 'Debug' : 'Release',
        '--parallel', process.env.JOBS ?? '2', ...more,
    ];
    const { status } = spawnSync(process.execPath, [join(modules, 'cmake-js', 'bin', 'cmake-js'), ...words], {
        env: { ...process.env, NODE_PATH: modules }, // where it looks for node-addon-api
        stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (status !== 0) process.exit(1); // it has said why
}

const settings = ['--CDEXPPLAT_WARNINGS_AS_ERRORS=ON'];
if (has('ccache')) settings.push('--CDCMAKE_CXX_COMPILER_LAUNCHER=ccache');
cmakeJs('configure', '--prefer-gnu', ...settings);
cmakeJs('build', '--target', 'expplat_node');
