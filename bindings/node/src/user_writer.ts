// Writes users into the exchange, so that they cross the border without a call for each attribute.
//
// Nothing here throws but what a getter of the program's throws, and `Unreadable`. A getter may ask a client something and so
// write another user meanwhile: `write` sees that and begins again with a copy that has no getters.
import { addon } from './addon';
import { Kind, UserPlace, unnamed, user, Word, words } from './exchange';

/** A user that RULESET.md, section 2, answers with PARSE_ERROR. */
export class Unreadable extends Error {}

const usualItems = 1_024;
const usualBytes = 64 * 1_024;
const mostItems = 4_194_304;
const mostBytes = 256 * 1_024 * 1_024;
const mostDepth = 64;
const copiedBySteps = 128; // a longer text is faster by the encoder
const mostNames = 4_096;
const exactNumber = 2 ** 53;

let items: Uint32Array; // four to an item: name, kind, offset, size
let numbers: Float64Array; // the same memory: the second of an item is its number
let integers: BigInt64Array;
let text: Uint8Array;
let itemCount = 0;
let textSize = 0;
let writes = 0; // how often a user was written

const names = new Map<string, number>();
const encoder = new TextEncoder();
const hasOwn = Object.prototype.hasOwnProperty;

class Full extends Error {}
const full = new Full();

function reserve(itemsWanted: number, bytesWanted: number): void {
    const [itemBuffer, textBuffer] = addon.reserve(itemsWanted, bytesWanted);
    items = new Uint32Array(itemBuffer);
    numbers = new Float64Array(itemBuffer);
    integers = new BigInt64Array(itemBuffer);
    text = new Uint8Array(textBuffer);
}
reserve(usualItems, usualBytes);

/** Appends a text; what has no UTF-8 (a lone surrogate) makes the user unreadable. Returns its size. */
function writeText(value: string): number {
    const length = value.length;
    const start = textSize;
    if (start + length * 3 > text.length) throw full;
    if (length <= copiedBySteps) {
        let at = 0;
        for (; at < length; ++at) {
            const unit = value.charCodeAt(at);
            if (unit >= 0x80) break;
            text[start + at] = unit;
        }
        if (at === length) {
            textSize = start + length;
            return length;
        }
    }
    if (/\p{Surrogate}/u.test(value)) throw new Unreadable('a lone surrogate');
    const size = encoder.encodeInto(value, text.subarray(start)).written as number;
    textSize = start + size;
    return size;
}

function writeString(name: number, kind: Kind, value: string): void {
    const item = itemCount * 4;
    if (item >= items.length) throw full;
    const offset = textSize;
    const size = writeText(value);
    items[item] = name;
    items[item + 1] = kind;
    items[item + 2] = offset;
    items[item + 3] = size;
    ++itemCount;
}

function numberOf(name: string): number {
    const known = names.get(name);
    if (known !== undefined) return known;
    if (names.size < mostNames && !/\p{Surrogate}/u.test(name)) {
        const number = addon.internName(name);
        if (number !== unnamed) names.set(name, number);
        return number;
    }
    return unnamed;
}

/** An item without its value, after the one with its name where that has no number. */
function writeItem(name: number, kind: Kind): number {
    const item = itemCount * 4;
    if (item >= items.length) throw full;
    items[item] = name;
    items[item + 1] = kind;
    ++itemCount;
    return item;
}

/** False for what no attribute can hold. */
function writeScalar(name: string | undefined, value: unknown): boolean {
    switch (typeof value) {
        case 'string':
            writeString(place(name), Kind.string, value);
            return true;
        case 'boolean':
            items[writeItem(place(name), Kind.boolean) + 2] = value ? 1 : 0;
            return true;
        case 'number': {
            if (!Number.isFinite(value)) return false; // as JSON has it: null
            const whole = Number.isInteger(value) && value >= -exactNumber && value <= exactNumber;
            numbers[writeItem(place(name), whole ? Kind.whole : Kind.number) / 2 + 1] = value;
            return true;
        }
        case 'bigint': {
            if (BigInt.asIntN(64, value) === value) {
                integers[writeItem(place(name), Kind.integer) / 2 + 1] = value;
                return true;
            }
            const rounded = Number(value); // as a JSON number of that size: a double
            if (!Number.isFinite(rounded)) throw new Unreadable('a number too large for a double');
            numbers[writeItem(place(name), Kind.number) / 2 + 1] = rounded;
            return true;
        }
        default:
            return false;
    }
}

/** The name's number for the item that follows; an element of a list has no name. */
function place(name: string | undefined): number {
    if (name === undefined) return unnamed;
    const number = numberOf(name);
    if (number === unnamed) writeString(unnamed, Kind.name, name);
    return number;
}

function writeList(name: string, list: readonly unknown[]): void {
    const item = writeItem(place(name), Kind.list);
    let count = 0;
    for (let i = 0; i < list.length; ++i) {
        if (writeScalar(undefined, list[i])) ++count;
    }
    items[item + 3] = count;
}

function writeAttributes(attributes: object, prefix: string, without: string | undefined, depth: number): void {
    if (depth > mostDepth) throw new Unreadable('attributes that are nested so deeply');
    for (const member in attributes) {
        if (!hasOwn.call(attributes, member) || member === without) continue;
        const value = (attributes as Record<string, unknown>)[member];
        const name = prefix === '' ? member : prefix + member;
        if (typeof value === 'object' && value !== null) writeNested(name, value, depth);
        else if (name !== 'key' && name !== '') writeScalar(name, value);
    }
}

function writeNested(name: string, value: object, depth: number): void {
    if (Array.isArray(value)) {
        if (name !== 'key' && name !== '') writeList(name, value);
    } else if (value instanceof Date) {
        if (!Number.isNaN(value.getTime()) && name !== 'key' && name !== '') writeScalar(name, value.toISOString());
    } else {
        writeAttributes(value, name + '.', undefined, depth + 1);
    }
}

function writeOnce(key: unknown, attributes: object | undefined, without: string | undefined): void {
    ++writes;
    itemCount = 0;
    textSize = 0;
    if (typeof key === 'string') writeString(unnamed, Kind.string, key);
    else writeItem(unnamed, Kind.null);
    if (attributes !== undefined) writeAttributes(attributes, '', without, 2);
    words[Word.itemCount] = itemCount;
    words[Word.textSize] = textSize;
    user[0] = UserPlace.exchange;
}

/** A copy that never changes: frozen all through and without getters. */
export function frozenCopy<T extends object>(value: T, depth = 2): T {
    if (depth > mostDepth) throw new Unreadable('attributes that are nested so deeply');
    const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
    for (const member in copy) {
        const inner = copy[member];
        if (typeof inner !== 'object' || inner === null) continue;
        if (Array.isArray(inner)) copy[member] = Object.freeze(Array.from(inner));
        else if (inner instanceof Date) copy[member] = Number.isNaN(inner.getTime()) ? null : inner.toISOString();
        else copy[member] = frozenCopy(inner, depth + 1);
    }
    return Object.freeze(copy) as T;
}

function writeLarger(key: unknown, attributes: object | undefined, without: string | undefined): void {
    for (let step = 4; ; step *= 4) {
        const bytes = usualBytes * step;
        const count = usualItems * step;
        if (bytes > mostBytes && count > mostItems) throw new Unreadable('so many attributes or so much text');
        reserve(Math.min(count, mostItems), Math.min(bytes, mostBytes));
        try {
            writeOnce(key, attributes, without);
            return;
        } catch (error) {
            if (error !== full) throw error;
        }
    }
}

/**
 * Writes the user into the exchange; `without` names a member of the attributes that is none. Throws `Unreadable`, and what a
 * getter throws.
 */
export function write(key: unknown, attributes: object | undefined, without: string | undefined): void {
    if (items.length > usualItems * 4) reserve(usualItems, usualBytes); // the last one was a large one
    const before = writes;
    try {
        writeOnce(key, attributes, without);
        if (writes === before + 1) return;
    } catch (error) {
        if (error !== full) throw error;
    }
    const copy = attributes && frozenCopy(attributes);
    try {
        writeOnce(key, copy, without);
    } catch (error) {
        if (error !== full) throw error;
        writeLarger(key, copy, without);
    }
}
