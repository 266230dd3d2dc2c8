// The package in browsers and on the edge.
import { Expplat } from './expplat.js'

export { ExpplatError } from './engine.js'

/**
 * Compiles the module and starts the evaluator. `source`: bytes, a `WebAssembly.Module` (which edge runtimes demand), a
 * `Response` or a promise of one, or a URL to fetch. Without one it is `expplat.wasm` beside this file.
 */
export async function open(source = new URL('./expplat.wasm', import.meta.url)) {
    const given = await source
    if (given instanceof URL || typeof given === 'string') return open(fetch(given))
    if (!isResponse(given)) return Expplat.of(given)
    if (!given.ok) throw new TypeError(`${given.url}: status ${given.status}`)
    return Expplat.of(await given.arrayBuffer())
}

const isResponse = (given) => typeof Response === 'function' && given instanceof Response
