// The types of `expplat-wasm/expplat.wasm` and `expplat-wasm/patterns.wasm`, where a bundler or an edge runtime imports them as modules.
declare const module: WebAssembly.Module
export default module
