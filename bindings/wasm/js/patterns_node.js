// The package with RE2 in it, in Node.
import { open as openAny } from './node.js'

export { ExpplatError } from './index.js'

/** As in browsers; a URL may be a file's. */
export const open = (source = new URL('./patterns.wasm', import.meta.url)) => openAny(source)
