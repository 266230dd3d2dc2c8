// The memory that JavaScript and the addon share, and its layout: `addon/exchange.hpp` has the same.
import { addon } from './addon';

/** Places in `words`. */
export const enum Word { client, key, wanted, itemCount, textSize, outcome, answer }

export const enum UserPlace { exchange = 0, unreadable = -1 }

export const enum Wanted {
    all = 0,
    boolean = 1 << 1,
    integer = 1 << 2,
    number = 1 << 3,
    string = 1 << 4,
    object = 1 << 6,
    recorded = 1 << 8,
    exact = 1 << 9,
}

export const enum Outcome { known, new, renewed, notResident, failed }

export const enum Kind { null, boolean, integer, number, string, list, object, name, whole }

export const unnamed = 0xFFFF_FFFF;

const userByte = 32;
const buffer = addon.words();
export const words = new Uint32Array(buffer, 0, userByte / 4);
/** One number: a resident user's, or a `UserPlace`. */
export const user = new Float64Array(buffer, userByte, 1);
