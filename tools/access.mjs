// `npm run access`: writes the users of NATS and Redis, as chart and compose have them, from the table of what services may do.
import { runScript } from './setup/run.mjs';

await runScript('tools/access/write.ts', process.argv.slice(2), { build: true });
