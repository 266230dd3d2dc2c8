// The package in Node, which fetches no file.
import { readFile } from 'node:fs/promises'
import { open as openAny } from './index.js'

export { ExpplatError } from './index.js'

/** As in browsers; a URL may be a file's. */
export async function open(source = new URL('./expplat.wasm', import.meta.url)) {
    const given = await source
    const isFile = (given instanceof URL || typeof given === 'string') && /^file:/i.test(given)
    return openAny(isFile ? readFile(new URL(given)) : given)
}
