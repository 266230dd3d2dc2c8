// Rulesets that the tests are about.

export const types = {
    format: 'expplat.ruleset/1', environment: 'test', version: 7,
    flags: {
        yes: { type: 'boolean', variants: { on: true, off: false }, off: 'off', default: 'on' },
        ten: { type: 'integer', variants: { ten: 10, one: 1 }, off: 'one', default: 'ten' },
        half: { type: 'double', variants: { half: 0.5, whole: 1.0 }, off: 'whole', default: 'half' },
        hello: { type: 'string', variants: { hi: 'hello', bye: 'good bye' }, off: 'bye', default: 'hi' },
        page: { type: 'object', variants: { full: { title: 'T', sizes: [1, { deep: true }] }, empty: {} }, off: 'empty', default: 'full' },
        country: {
            type: 'boolean', variants: { on: true, off: false }, off: 'off', default: 'off',
            rules: [{ id: 'german', if: { attribute: 'country', is: 'DE' }, serve: 'on' }],
        },
    },
    experiments: {
        button: {
            type: 'string', status: 'running', variants: { blue: 'blue', green: 'green' },
            split: [{ variant: 'blue', weight: 50 }, { variant: 'green', weight: 50 }],
        },
        stopped: {
            type: 'string', status: 'running', variants: { blue: 'blue' }, split: [{ variant: 'blue', weight: 1 }],
            if: { attribute: 'country', is: 'nowhere' },
        },
    },
};

/** As text, as an integer of 64 bits is none in JavaScript. */
export const typesText = JSON.stringify(types).replace(
    '"flags":{', '"flags":{"huge":{"type":"integer","variants":{"most":9223372036854775807,"least":-9223372036854775808},'
        + '"off":"least","default":"most"},');
