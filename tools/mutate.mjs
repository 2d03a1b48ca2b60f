// `npm run mutate`: known faults in the sources, one at a time, each of which a test has to notice.
import { runScript } from './setup/run.mjs';

await runScript('tools/mutate/main.ts', process.argv.slice(2), { build: false });
