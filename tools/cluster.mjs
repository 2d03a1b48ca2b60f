// `npm run cluster`: the services as processes of their own over NATS, Redis and PostgreSQL on this machine.
import { runScript } from './setup/run.mjs';

await runScript('tools/cluster/main.ts', process.argv.slice(2), { build: true, readsEnvFile: true });
