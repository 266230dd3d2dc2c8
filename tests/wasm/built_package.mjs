// The built package, as `build/wasm/package` has it or as EXPPLAT_WASM_PACKAGE says, and images to load into it.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const folder = resolve(process.env.EXPPLAT_WASM_PACKAGE ?? join(root, 'build/wasm/package'))
const cli = resolve(process.env.EXPPLAT_CLI ?? join(root, 'build/dev/bin/expplat'))

const part = (name) => import(pathToFileURL(join(folder, name)).href)
export const { open, ExpplatError } = await part('node.js')
export const { parseJson } = await part('json.js')
export const { Real } = await part('description.js')

/** The builds that were made: the one with patterns is left out where RE2's sources are not there. */
export const builds = ['expplat.wasm', 'patterns.wasm'].filter((name) => existsSync(join(folder, name)))
export const hasPatterns = (build) => build === 'patterns.wasm'
export const moduleBytes = (build = 'expplat.wasm') => readFileSync(join(folder, build))
export const openBuild = (build = 'expplat.wasm') => open(moduleBytes(build))

/** The image of a ruleset: the path of its JSON, the JSON, or the document. */
export function compile(ruleset) {
    const scratch = mkdtempSync(join(tmpdir(), 'expplat-wasm-'))
    try {
        let json = ruleset
        if (typeof ruleset !== 'string' || ruleset.startsWith('{')) {
            json = join(scratch, 'ruleset.json')
            writeFileSync(json, typeof ruleset === 'string' ? ruleset : JSON.stringify(ruleset))
        }
        const image = join(scratch, 'ruleset.xpr')
        execFileSync(cli, ['compile', json, '-o', image])
        return readFileSync(image)
    } finally {
        rmSync(scratch, { recursive: true })
    }
}

/** A document around flags, with what else it shall have. */
export const document = (flags, more = {}) => ({
    format: 'expplat.ruleset/1',
    environment: 'test',
    version: 7,
    flags,
    ...more,
})
