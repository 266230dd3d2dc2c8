// Checked by tsc in strict mode, never run: the provider is one of OpenFeature's.
import { OpenFeature, type Provider } from '@openfeature/server-sdk';
import { ExpplatProvider } from 'expplat/openfeature';

const provider: Provider = new ExpplatProvider({ source: { file: 'ruleset.json' } }, { readyTimeoutMs: 100 });
await OpenFeature.setProviderAndWait(provider);
// @ts-expect-error options are needed
new ExpplatProvider();
