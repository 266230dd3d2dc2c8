// Checked by tsc in strict mode, never run: what the types must allow, and what they must not.
import { ExpplatError, open, type Answer, type Detail, type Expplat, type Handle, type JsonObject, type Ruleset, type User } from 'expplat-wasm'
import { open as openWithPatterns } from 'expplat-wasm/patterns'
import edgeModule from 'expplat-wasm/expplat.wasm'
import edgeModuleWithPatterns from 'expplat-wasm/patterns.wasm'

const expplat: Expplat = await open()
await open(fetch('expplat.wasm'))
await openWithPatterns(new WebAssembly.Module(new Uint8Array()))
await open(edgeModule)
await openWithPatterns(edgeModuleWithPatterns)
const ruleset: Ruleset = expplat.load(new Uint8Array(8))
const attributes = { country: 'DE', age: 5, big: 5n, tags: ['a', 1, true], device: { os: 'ios' }, since: new Date(0), none: null }
const user: User = expplat.user({ key: 'u', attributes })
expplat.user({ attributes: new Map([['a', 1]]) }).free()
interface Person { readonly country: string, readonly age?: number }
const person: Person = { country: 'DE' }
expplat.user({ key: 'u', attributes: { ...person } }).free()
const answer: Answer = ruleset.variant('k', user)
const bool: boolean = ruleset.boolean('k', { key: 'u' }, false)
const whole: number | bigint = ruleset.integer('k', user, 5)
const number: number | null = ruleset.number('k', user, null)
const text: string = ruleset.string('k', user, '')
const object: JsonObject = ruleset.object('k', user, {})
const detail: Detail<string> = ruleset.stringDetail('k', user, '')
const handle: Handle = ruleset.handle('k')
const same: boolean = handle.boolean(user, true)
const code = (error: ExpplatError): 'invalid_argument' | 'invalid_image' | 'image_version' | 'too_large' => error.code
export { answer, bool, code, detail, number, object, same, text, whole }

// @ts-expect-error a key is a string
ruleset.variant(5, user)
// @ts-expect-error a function is no attribute
ruleset.variant('k', { key: 'u', attributes: { a: () => 1 } })
// @ts-expect-error answers are read-only
answer.variant = 'x'
