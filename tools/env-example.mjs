// `npm run env-example`: writes .env.example from the settings of all services.
import { runScript } from './setup/run.mjs';

await runScript('apps/standalone/dist/env-example/main.js', process.argv.slice(2), { build: true });
