// OpenFeature's provider for `import`: the same instance as by `require`.
import openfeature from './dist/openfeature.js';

export const { ExpplatProvider } = openfeature;
