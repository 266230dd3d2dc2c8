export * from './dist/openfeature.js';
