#!/usr/bin/env node
// Builds the addon by cmake-js, in build/node/build of the repository; what prebuildify runs where it would run node-gyp
// (build.mjs), whose arguments are passed over. The headers of Node-API come from npm: nothing is fetched.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const parts = join(here, '..', '..', 'build', 'node');
const modules = join(parts, 'node_modules');

function has(program) {
    try {
        execFileSync(program, ['--version'], { stdio: 'ignore' });
        return true;
    } catch {
        return false;
    }
}

const options = ['CMAKE_CXX_COMPILER=g++', 'EXPPLAT_WARNINGS_AS_ERRORS=ON', `EXPPLAT_NODE_MODULES=${modules}`];
if (has('ccache')) options.push('CMAKE_CXX_COMPILER_LAUNCHER=ccache');
execFileSync(
    process.execPath,
    [
        join(modules, 'cmake-js', 'bin', 'cmake-js'), 'build', '--directory', here, '--out', join(parts, 'build'),
        '--config', 'Release', '--target', 'expplat_node', '--parallel', process.env.JOBS ?? '2',
        ...options.map((option) => `--CD${option}`),
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
);
