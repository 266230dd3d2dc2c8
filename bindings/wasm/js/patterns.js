// The package with RE2 in it: flags that reach a `matches` answer too.
import { open as openAny } from './index.js'

export { ExpplatError } from './index.js'

/** As `open` of the package; without a source it is `patterns.wasm` beside this file. */
export const open = (source = new URL('./patterns.wasm', import.meta.url)) => openAny(source)
