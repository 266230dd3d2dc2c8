// The question of bench/workload.cpp, in JavaScript: 1,000 flags of three rules and a split, a user of six attributes for
// whom no rule holds.

const countries = ['DE', 'FR', 'IT', 'ES', 'US', 'GB', 'NL', 'PL', 'JP', 'BR', 'IN', 'CA'];

function flag(number, exposures) {
    const four = [0, 1, 2, 3].map((i) => countries[(number + i) % 4]);
    return {
        type: 'string', variants: { control: 'blue', green: 'green', red: 'red' }, off: 'control',
        rules: [
            { id: 'country', if: { attribute: 'country', in: four }, serve: 'green' },
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
                { variant: 'control', weight: 50 }, { variant: 'green', weight: 30 }, { variant: 'red', weight: 20 },
            ],
        },
        ...(exposures ? { exposures: true } : {}),
    };
}

export function rulesetText(flags, exposures) {
    const all = Object.fromEntries(Array.from({ length: flags }, (_, i) => [`flag-${i}`, flag(i, exposures)]));
    return JSON.stringify({ format: 'expplat.ruleset/1', environment: 'bench', version: 1, flags: all });
}

export function attributes(number) {
    return {
        country: 'US', plan: 'pro', app_version: '3.9.1', email: `person-${number}@example.com`, level: number % 100,
        beta: number % 7 === 0,
    };
}
