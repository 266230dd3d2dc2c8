// The worked cases in a real browser, which fetches the package as a page does: every case of two sets, each build, and an
// answer in a worker. Without Chromium it is skipped.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { test } from 'node:test'
import { readCase } from './case_line.mjs'
import { builds, compile, folder, hasPatterns, openBuild, root } from './built_package.mjs'

const types = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' }

function chromium() {
    try {
        return execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim()
    } catch {
        return null
    }
}

// Runs in the page.
const page = `<!doctype html><script type="module">
async function answers(entry) {
    const { open } = await import(entry)
    const expplat = await open()
    const lines = []
    for (const { image, cases } of await (await fetch('/questions')).json()) {
        const ruleset = expplat.load(Uint8Array.from(image))
        for (const { key, user } of cases) {
            let resident = null
            try {
                resident = expplat.userFromJson(user)
            } catch {}
            lines.push(ruleset.evaluateJson(key, resident))
        }
    }
    return lines.join('\\n')
}
const worker = new Worker('/worker.js', { type: 'module' })
const inWorker = new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)))
const result = { worker: await inWorker }
for (const entry of await (await fetch('/entries')).json()) {
    result[entry] = await answers(entry).catch((error) => String(error.stack))
}
await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
</script>`

const worker = `import { open } from '/index.js'
open().then((expplat) => postMessage(typeof expplat.load), (error) => postMessage(String(error)))`

const lines = (path) => readFileSync(path, 'utf8').split('\n').filter((line) => line.trim() !== '')

const entryOf = (build) => (hasPatterns(build) ? '/patterns.js' : '/index.js')

function questions() {
    return ['own', 'vectors/random-1'].map((set) => {
        const cases = lines(join(root, 'tests/conformance', set, 'cases.jsonl')).map(readCase)
        return { image: [...compile(join(root, 'tests/conformance', set, 'ruleset.json'))], cases }
    })
}

/** What the page posts. */
function serve(asked) {
    return new Promise((resolve, reject) => {
        let child = null
        const profile = mkdtempSync(join(tmpdir(), 'expplat-browser-'))
        const server = createServer(async (request, response) => {
            const fixed = { '/': page, '/worker.js': worker, '/questions': JSON.stringify(asked), '/entries': JSON.stringify(builds.map(entryOf)) }
            if (request.url === '/result') {
                const parts = []
                for await (const part of request) parts.push(part)
                response.end()
                finish(() => resolve(JSON.parse(Buffer.concat(parts).toString())))
                return
            }
            try {
                const body = fixed[request.url] ?? readFileSync(join(folder, request.url.replaceAll('..', '')))
                response.setHeader('content-type', types[extname(request.url) || '.html'] ?? 'application/octet-stream')
                response.end(body)
            } catch {
                response.writeHead(404).end()
            }
        })
        const deadline = setTimeout(() => finish(() => reject(new Error('the page did not answer in 60 s'))), 60_000)
        function finish(end) {
            clearTimeout(deadline)
            server.close()
            server.closeAllConnections()
            child.once('exit', () => {
                rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
                end()
            })
            child.kill()
        }
        server.listen(0, '127.0.0.1', () => {
            const address = `http://127.0.0.1:${server.address().port}/`
            const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-port=0']
            child = spawn(chromium(), [...flags, `--user-data-dir=${profile}`, address], { stdio: 'ignore' })
        })
    })
}

test('Chromium gives the answers that node gives', { skip: chromium() === null && 'no Chromium' }, async () => {
    const asked = questions()
    const result = await serve(asked)
    assert.equal(result.worker, 'function')
    for (const build of builds) {
        const expplat = await openBuild(build)
        const expected = asked.flatMap(({ image, cases }) => {
            const ruleset = expplat.load(Uint8Array.from(image))
            return cases.map(({ key, user }) => {
                let resident = null
                try {
                    resident = expplat.userFromJson(user)
                } catch {
                    // The answer to no user is what the page has too.
                }
                return ruleset.evaluateJson(key, resident)
            })
        })
        assert.deepEqual(result[entryOf(build)].split('\n'), expected)
    }
})
