// JSON as the conformance cases need it: an integer that a number cannot hold becomes a bigint, and the texts of an object's
// members can be had as they were written.

class Reader {
    constructor(text) {
        this.text = text;
        this.at = 0;
    }

    skip() {
        while (/\s/.test(this.text[this.at] ?? '')) ++this.at;
    }

    taken(pattern) {
        pattern.lastIndex = this.at;
        const match = pattern.exec(this.text);
        if (match === null) throw new SyntaxError(`unexpected text at ${this.at}`);
        this.at = pattern.lastIndex;
        return match[0];
    }

    value() {
        this.skip();
        const first = this.text[this.at];
        if (first === '{') return Object.fromEntries(this.members().map(({ name, value }) => [name, value]));
        if (first === '[') return this.items();
        if (first === '"') return JSON.parse(this.taken(/"(?:[^"\\]|\\.)*"/y));
        const token = this.taken(/[-+.\w]+/y);
        if (/^-?\d+$/.test(token) && BigInt.asIntN(64, BigInt(token)) === BigInt(token)) {
            const whole = BigInt(token);
            return whole >= -(2n ** 53n) && whole <= 2n ** 53n ? Number(whole) : whole;
        }
        return JSON.parse(token);
    }

    items() {
        const items = [];
        ++this.at;
        this.skip();
        while (this.text[this.at] !== ']') {
            items.push(this.value());
            this.skip();
            if (this.text[this.at] === ',') ++this.at;
            this.skip();
        }
        ++this.at;
        return items;
    }

    members() {
        const members = [];
        ++this.at;
        this.skip();
        while (this.text[this.at] !== '}') {
            const name = JSON.parse(this.taken(/"(?:[^"\\]|\\.)*"/y));
            this.skip();
            ++this.at; // the colon
            this.skip();
            const start = this.at;
            const value = this.value();
            members.push({ name, value, text: this.text.slice(start, this.at) });
            this.skip();
            if (this.text[this.at] === ',') ++this.at;
            this.skip();
        }
        ++this.at;
        return members;
    }
}

export function parseExactly(text) {
    return new Reader(text).value();
}

/** `[{name, value, text}]` of an object, in the text's order. */
export function membersOf(text) {
    const reader = new Reader(text);
    reader.skip();
    return reader.members();
}

/** Whether JavaScript's own objects can say what the text says: no double that is whole, no repeated member. */
export function isSayable(text) {
    if (/[\uD800-\uDFFF]|\\u[dD][89a-fA-F]/.test(text)) return false;
    const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d[\d.eE+-]*/g) ?? [];
    return numbers.every((number) => /^-?\d+$/.test(number)
        ? BigInt.asIntN(64, BigInt(number)) === BigInt(number)
        : !Number.isInteger(Number(number)));
}
