// Asking: the path of every answer, from a question's arguments to an object that may be there already.
//
// The addon gives each different answer of a ruleset a number, and describes it once; here an array has the objects by these
// numbers. So a question is two numbers written, a call without arguments, and one read. With every ruleset numbers begin
// again, which the first answer of it says (`Outcome.renewed`).
import { addon } from './addon';
import { Outcome, user as userPlace, Wanted, Word, words } from './exchange';
import { point, User, UserLike } from './user';
import { Detail, refusal, Variant, variantOf, withDefault } from './variant';

const ask = addon.ask;
const noNumber = 0xFFFF_FFFF;

export class Asking {
    readonly #client: number;
    readonly #keys = new Map<string, number>();
    readonly #answers: Variant[] = [];

    constructor(client: number) {
        this.#client = client;
    }

    /** A number for the key, by which it is asked for; `noNumber` where it must be by its text. */
    numberOf(key: string): number {
        return this.#keys.get(key) ?? this.#intern(key);
    }

    #intern(key: string): number {
        if (typeof key !== 'string') return noNumber;
        const number = addon.intern(this.#client, key);
        if (number !== noNumber) this.#keys.set(key, number);
        return number;
    }

    answer(number: number, key: string, about: User | UserLike, wanted: number): Variant {
        point(about);
        if (number === noNumber) return this.#answerByText(key, about, wanted);
        words[Word.client] = this.#client;
        words[Word.key] = number;
        words[Word.wanted] = wanted;
        const description = ask();
        if (words[Word.outcome] === Outcome.known) return this.#answers[words[Word.answer] as number] as Variant;
        return this.#seldom(description, number, key, about, wanted);
    }

    #seldom(
        description: ReturnType<typeof ask>, number: number, key: string, about: User | UserLike, wanted: number,
    ): Variant {
        switch (words[Word.outcome]) {
            case Outcome.renewed:
                this.#answers.length = 0;
            // falls through
            case Outcome.new: {
                const answer = variantOf(description as NonNullable<typeof description>);
                this.#answers[words[Word.answer] as number] = answer;
                return answer;
            }
            case Outcome.notResident:
                User.restore(about as User);
                return this.answer(number, key, about, wanted);
            default:
                return refusal(key, 'GENERAL');
        }
    }

    #answerByText(key: string, about: User | UserLike, wanted: number): Variant {
        if (typeof key !== 'string') return refusal(null, 'PARSE_ERROR');
        if (userPlace[0] as number > 0) {
            const number = userPlace[0] as number;
            User.restore(about as User);
            userPlace[0] = number;
        }
        words[Word.client] = this.#client;
        words[Word.wanted] = wanted;
        const description = addon.askText(key);
        return description === undefined ? refusal(key, 'GENERAL') : variantOf(description);
    }

    // ---- by key ----

    variant(key: string, about: User | UserLike): Variant {
        return this.answer(this.numberOf(key), key, about, Wanted.recorded);
    }
    evaluate(key: string, about: User | UserLike): Variant {
        return this.answer(this.numberOf(key), key, about, Wanted.all);
    }

    boolean(key: string, about: User | UserLike, fallback: boolean): boolean {
        return valueOr(this.answer(this.numberOf(key), key, about, Wanted.boolean | Wanted.recorded), fallback);
    }
    integer(key: string, about: User | UserLike, fallback: number | bigint): number | bigint {
        return this.integerDetail(key, about, fallback).value;
    }
    number(key: string, about: User | UserLike, fallback: number): number {
        return valueOr(this.answer(this.numberOf(key), key, about, wantedNumber), fallback);
    }
    string(key: string, about: User | UserLike, fallback: string): string {
        return valueOr(this.answer(this.numberOf(key), key, about, Wanted.string | Wanted.recorded), fallback);
    }
    object<T extends object>(key: string, about: User | UserLike, fallback: T): T {
        return valueOr(this.answer(this.numberOf(key), key, about, Wanted.object | Wanted.recorded), fallback);
    }

    booleanDetail(key: string, about: User | UserLike, fallback: boolean): Detail<boolean> {
        return detailOr(this.answer(this.numberOf(key), key, about, Wanted.boolean | Wanted.recorded), fallback);
    }
    integerDetail(key: string, about: User | UserLike, fallback: number | bigint): Detail<number | bigint> {
        const isBig = typeof fallback === 'bigint';
        const wanted = Wanted.integer | Wanted.recorded | (isBig ? 0 : Wanted.exact);
        const answer = this.answer(this.numberOf(key), key, about, wanted);
        if (isBig && typeof answer.value === 'number' && isGiven(answer)) {
            return withDefault(answer, BigInt(answer.value));
        }
        return detailOr(answer, fallback);
    }
    numberDetail(key: string, about: User | UserLike, fallback: number): Detail<number> {
        return detailOr(this.answer(this.numberOf(key), key, about, wantedNumber), fallback);
    }
    stringDetail(key: string, about: User | UserLike, fallback: string): Detail<string> {
        return detailOr(this.answer(this.numberOf(key), key, about, Wanted.string | Wanted.recorded), fallback);
    }
    objectDetail<T extends object>(key: string, about: User | UserLike, fallback: T): Detail<T> {
        return detailOr(this.answer(this.numberOf(key), key, about, Wanted.object | Wanted.recorded), fallback);
    }
}

const wantedNumber = Wanted.number | Wanted.integer | Wanted.exact | Wanted.recorded;

function isGiven(answer: Variant): boolean {
    return answer.variant !== null && answer.error !== 'TYPE_MISMATCH';
}

export function valueOr<T>(answer: Variant, fallback: T): T {
    return isGiven(answer) ? answer.value as T : fallback;
}

export function detailOr<T>(answer: Variant, fallback: T): Detail<T> {
    return isGiven(answer) ? answer as Detail<unknown> as Detail<T> : withDefault(answer, fallback);
}
