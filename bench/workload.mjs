// The question of bench/workload.cpp in JavaScript: flags of three rules and a split, a user of six attributes for whom no
// rule holds, so that all are evaluated. Node's and WebAssembly's figures are of the same work.

const countries = ['DE', 'FR', 'IT', 'ES']

function flag(number, exposures) {
    return {
        type: 'string',
        variants: { control: 'blue', green: 'green', red: 'red' },
        off: 'control',
        rules: [
            { id: 'country', if: { attribute: 'country', in: countries }, serve: 'green' },
            {
                id: 'plan',
                if: {
                    all: [
                        { attribute: 'plan', is: 'enterprise' },
                        { attribute: 'app_version', version_at_least: `4.${number % 20}.0` },
                    ],
                },
                serve: 'red',
            },
            { id: 'staff', if: { attribute: 'email', ends_with: '@corp.example' }, serve: 'green' },
        ],
        default: {
            split: [
                { variant: 'control', weight: 50 },
                { variant: 'green', weight: 30 },
                { variant: 'red', weight: 20 },
            ],
        },
        ...(exposures ? { exposures } : {}),
    }
}

export const key = (number) => `flag-${number}`

export function ruleset(count, exposures = false) {
    const flags = Object.fromEntries(Array.from({ length: count }, (_, i) => [key(i), flag(i, exposures)]))
    return { format: 'expplat.ruleset/1', environment: 'bench', version: 1, flags }
}

export const attributes = (number) => ({
    country: 'US',
    plan: 'pro',
    app_version: '3.9.1',
    email: `person-${number}@example.com`,
    level: number % 100,
    beta: number % 7 === 0,
})
