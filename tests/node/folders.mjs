// Where the repository is. The tests run in build/node/package, a copy of bindings/node with these tests in it.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const packageFolder = join(dirname(fileURLToPath(import.meta.url)), '..');
export const top = join(packageFolder, '..', '..', '..');
export const conformance = join(top, 'tests', 'conformance');
