// The WebAssembly binding's budgets: nanoseconds of an answer, less those of an empty call of the same shape; sizes.
//
// Usage:  node bench/wasm/answers.mjs PACKAGE EXPPLAT      the built package's folder and the command line
//
// 1,000 flags, 256 users, asked in turns; each figure is the median of 21 rounds of 200,000 answers, the rounds of all rows
// taken in turns, so that what else the machine does meets all of them.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { attributes, key, ruleset } from '../workload.mjs'

const flagCount = 1000
const userCount = 256 // a power of two
const rounds = 21
const answersPerRound = 200_000

const [folder, cli] = process.argv.slice(2).map((path) => resolve(path))
const { open } = await import(pathToFileURL(join(folder, 'node.js')).href)

function compile(document) {
    const scratch = mkdtempSync(join(tmpdir(), 'expplat-bench-'))
    const json = join(scratch, 'ruleset.json')
    const image = join(scratch, 'ruleset.xpr')
    writeFileSync(json, JSON.stringify(document))
    execFileSync(cli, ['compile', json, '-o', image])
    const bytes = readFileSync(image)
    rmSync(scratch, { recursive: true })
    return bytes
}

/** What is measured: a function of the round's own loop, so that no two rows share what the compiler has learned. */
const loop = (body) =>
    new Function('subject', 'keys', 'users', 'count', `for (let i = 0, sum = 0; ; ++i) {
        if (i === count) return sum
        ${body}
    }`)
const byKey = 'sum += subject.variant(keys[i % keys.length], users[i & (users.length - 1)]).version'
const byHandle = 'sum += subject[i % subject.length].variant(users[i & (users.length - 1)]).version'

class Empty {
    #answer = Object.freeze({ version: 1 })
    variant() {
        return this.#answer
    }
}

function rowsOf(expplat, loaded) {
    const keys = Array.from({ length: flagCount }, (_, i) => key(i))
    const described = Array.from({ length: userCount }, (_, i) => ({ key: `user-${i}`, attributes: attributes(i) }))
    const resident = described.map((one) => expplat.user(one))
    const handles = keys.map((one) => loaded.handle(one))
    const nothing = new Empty()
    const nothings = keys.map(() => new Empty())
    const row = (name, budget, body, subject, users, empty) => ({
        name,
        budget,
        run: loop(body).bind(null, subject, keys, users, answersPerRound),
        runEmpty: loop(body).bind(null, empty, keys, users, answersPerRound),
        times: [],
        emptyTimes: [],
    })
    return [
        row('resident user, by key', 120, byKey, loaded, resident, nothing),
        row('resident user, by handle', null, byHandle, handles, resident, nothings),
        row('user of 6 attributes for the call, by key', 450, byKey, loaded, described, nothing),
        row('user of 6 attributes for the call, by handle', null, byHandle, handles, described, nothings),
    ]
}

function nanoseconds(run) {
    const begin = process.hrtime.bigint()
    run()
    return Number(process.hrtime.bigint() - begin) / answersPerRound
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1]

async function measure(build) {
    const expplat = await open(readFileSync(join(folder, build)))
    const rows = rowsOf(expplat, expplat.load(compile(ruleset(flagCount))))
    for (let round = -2; round < rounds; ++round) {
        for (const { run, runEmpty, times, emptyTimes } of rows) {
            const time = nanoseconds(run)
            const empty = nanoseconds(runEmpty)
            if (round < 0) continue // the compiler learns
            times.push(time)
            emptyTimes.push(empty)
        }
    }
    console.log(`${build}, node ${process.version}`)
    for (const { name, budget, times, emptyTimes } of rows) {
        const [time, empty] = [median(times), median(emptyTimes)]
        const best = times[0] - emptyTimes[0] // they are sorted
        const figure = `${(time - empty).toFixed(0)} ns (${time.toFixed(0)} less ${empty.toFixed(0)}), best ${best.toFixed(0)}`
        console.log(`  ${name.padEnd(46)} ${figure}${verdict(time - empty, budget, 'ns')}`)
    }
}

function verdict(figure, budget, unit) {
    return budget === null ? '' : `   budget ${budget} ${unit}: ${figure <= budget ? 'holds' : 'MISSED'}`
}

/** Each file compressed by itself, as a server would send it. */
function size(build) {
    const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'))
    const bytes = [build, ...scripts].map((name) => gzipSync(readFileSync(join(folder, name)), { level: 9 }).length)
    return bytes.reduce((sum, part) => sum + part) / 1024
}

const budgets = { 'expplat.wasm': 40, 'patterns.wasm': 250 }
for (const [build, budget] of Object.entries(budgets)) {
    if (!existsSync(join(folder, build))) continue
    await measure(build)
    console.log(`  with all JavaScript, gzipped: ${size(build).toFixed(1)} KiB${verdict(size(build), budget, 'KiB')}`)
}
