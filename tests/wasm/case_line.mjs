// A line of a file of cases (docs/RULESET.md, section 8): its key, and its user as text.
//
// A line may hold a user who must be refused, so its members are told apart by text and each is read by itself.
import { parseJson } from './built_package.mjs'

const deepest = 64

/** `{ key, user }`; a `key` of null is a line that has none, a `user` of null one that must be refused. */
export function readCase(line) {
    const none = { key: null, user: null }
    try {
        // What this takes and RULESET.md does not (repeats, depth, surrogates) is looked for in each member.
        const value = JSON.parse(line)
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return none
    } catch {
        return none
    }
    const members = membersOf(line)
    const key = readOnly(members, 'key')
    if (typeof key !== 'string') return none
    const user = onlyText(members, 'user')
    return { key, user: user !== null && isReadable(user) ? user : null }
}

/** A user stands one level inside of the line. */
function isReadable(user) {
    try {
        parseJson(user, deepest - 1)
        return true
    } catch {
        return false
    }
}

function readOnly(members, name) {
    const text = onlyText(members, name)
    try {
        return text === null ? null : parseJson(text)
    } catch {
        return null
    }
}

/** The text of the member of that name; null where there is none, or more. */
function onlyText(members, name) {
    const found = members.filter((member) => member.name === name)
    return found.length === 1 ? found[0].text : null
}

/** The members of an object that `JSON.parse` takes, as texts. */
function membersOf(line) {
    const members = []
    let depth = 0
    let begin = 0
    let name = null
    for (let i = 0; i < line.length; ++i) {
        const character = line[i]
        if (character === '"') i = endOfString(line, i)
        else if (character === '{' || character === '[') {
            if (++depth === 1) begin = i + 1
        } else if (depth === 1 && character === ':') {
            name = JSON.parse(line.slice(begin, i))
            begin = i + 1
        } else if (depth === 1 && (character === ',' || character === '}')) {
            if (name !== null) members.push({ name, text: line.slice(begin, i) })
            name = null
            begin = i + 1
        }
        if (character === '}' || character === ']') --depth
    }
    return members
}

function endOfString(line, begin) {
    let i = begin + 1
    while (line[i] !== '"') i += line[i] === '\\' ? 2 : 1
    return i
}
