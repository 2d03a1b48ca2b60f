// `npm run chaos`: real faults in a cluster on this machine, and the frames that viewers got all the same.
import { runScript } from './setup/run.mjs';

await runScript('tools/chaos/main.ts', process.argv.slice(2), { build: true });
