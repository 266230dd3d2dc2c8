// The package as others get it: packed, installed into an empty project; then the READMEs' quickstart, the types, the sizes.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { builds, compile, folder, root } from './built_package.mjs'

const scratch = mkdtempSync(join(tmpdir(), 'expplat-wasm-package-'))
const project = join(scratch, 'project')
const typescript = join(root, 'build/typescript/node_modules/typescript/bin/tsc')
const kibibytes = { 'expplat.wasm': 40, 'patterns.wasm': 250 }

function run(program, ...words) {
    return execFileSync(program, words, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

before(() => {
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), '{"name": "empty", "private": true}')
    const [{ filename }] = JSON.parse(run('npm', 'pack', '--json', '--pack-destination', scratch, folder))
    run('npm', 'install', '--offline', '--no-audit', '--no-fund', '--silent', join(scratch, filename))
})
after(() => rmSync(scratch, { recursive: true }))

function quickstart(page) {
    const blocks = readFileSync(join(root, page), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)
    const [code, ...others] = [...blocks].map(([, text]) => text).filter((text) => text.includes("'expplat-wasm'"))
    assert.ok(code !== undefined && others.length === 0, `${page} has one quickstart`)
    return code
}

test('the quickstart of both READMEs, of ten lines', () => {
    const code = quickstart('README.md')
    assert.equal(quickstart('bindings/wasm/README.md'), code)
    assert.ok(code.trim().split('\n').length <= 10)
    writeFileSync(join(project, 'quickstart.xpr'), compile(join(root, 'examples/quickstart.json')))
    for (const [name, text] of [
        ['quickstart.mjs', code],
        ...(builds.length > 1 ? [['patterns.mjs', code.replace("'expplat-wasm'", "'expplat-wasm/patterns'")]] : []),
    ]) {
        writeFileSync(join(project, name), text)
        assert.equal(run(process.execPath, name), 'new-ui: on\ncheckout-cta: green\n')
    }
})

test('the types hold in strict mode', { skip: !existsSync(typescript) && 'npm could not install typescript' }, () => {
    writeFileSync(join(project, 'usage.mts'), readFileSync(join(root, 'tests/wasm/types/usage.mts')))
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom', '--module', 'node16']
    run(process.execPath, typescript, ...options, 'usage.mts')
})

test('nothing is in the package but what it needs', () => {
    const names = readdirSync(join(project, 'node_modules/expplat-wasm'))
    const others = names.filter((name) => !/\.(js|wasm)$/.test(name)).sort()
    const licence = builds.length > 1 ? ['LICENSE-RE2'] : []
    assert.deepEqual(others, ['LICENSE', ...licence, 'README.md', 'index.d.ts', 'module.d.ts', 'package.json'])
})

for (const build of builds) {
    test(`${build} with all JavaScript is at most ${kibibytes[build]} KiB, each file gzipped`, () => {
        const files = [build, ...readdirSync(folder).filter((name) => name.endsWith('.js'))]
        const sizes = files.map((name) => gzipSync(readFileSync(join(folder, name)), { level: 9 }).length)
        assert.ok(sizes.reduce((sum, size) => sum + size) <= kibibytes[build] * 1024, `${sizes}`)
    })
}
