// The same package for `import`: one instance, whichever way it is loaded.
import expplat from './dist/index.js';

export const { Client, ExpplatError, Handle, User, version } = expplat;
