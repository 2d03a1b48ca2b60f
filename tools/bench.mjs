// `npm run bench`: measures Millrace beside other servers on this machine; see docs/performance.md.
import { runScript } from './setup/run.mjs';

await runScript('bench/run.ts', process.argv.slice(2), { build: true });
