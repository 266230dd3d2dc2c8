// Which flags and experiments of a ruleset reach a `matches`: what a build without an engine cannot evaluate.
//
// Read from the document alone, as docs/RULESET.md has it: in a condition, in a segment that it names, in a prerequisite.

export function patternReach(document) {
    const entities = { ...document.flags, ...document.experiments }
    const segments = document.segments ?? {}
    const known = new Map()

    const segmentReaches = (key) => reachOnce(`segment ${key}`, () => conditionReaches(segments[key]?.if))
    const entityReaches = (key) =>
        reachOnce(`entity ${key}`, () => {
            const { if: condition, rules = [], prerequisites = [] } = entities[key] ?? {}
            return (
                conditionReaches(condition) ||
                rules.some((rule) => conditionReaches(rule.if)) ||
                prerequisites.some(({ flag }) => entityReaches(flag))
            )
        })

    function reachOnce(name, reaches) {
        if (!known.has(name)) known.set(name, reaches())
        return known.get(name)
    }

    function conditionReaches(condition) {
        if (condition === undefined) return false
        if (condition.segment !== undefined) return segmentReaches(condition.segment)
        if (condition.not !== undefined) return conditionReaches(condition.not)
        const parts = condition.all ?? condition.any
        return parts === undefined ? condition.matches !== undefined : parts.some(conditionReaches)
    }

    return new Set(Object.keys(entities).filter(entityReaches))
}
