// A user as JSON text.
import { UserError } from './description.js'
import { parseJson } from './json.js'

const longest = 64 << 20 // units; a document may have so many bytes

/** `{ key, attributes }`. Throws a `UserError` for what docs/RULESET.md answers with PARSE_ERROR. */
export function parseUser(text) {
    if (typeof text !== 'string') throw new TypeError('a user is a JSON text')
    if (text.length > longest) throw new UserError('a text longer than is allowed')
    let members
    try {
        members = parseJson(text)
    } catch (error) {
        throw new UserError(error.message)
    }
    return userOf(members)
}

/** The same from what `parseJson` read. */
export function userOf(members) {
    if (!(members instanceof Map)) throw new UserError('expected an object')
    return { key: members.get('key'), attributes: members.get('attributes') }
}
