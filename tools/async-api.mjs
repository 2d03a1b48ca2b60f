// `npm run async-api`: writes docs/signaling.asyncapi.json from the schemas of signaling.
import { runScript } from './setup/run.mjs';

await runScript('apps/signaling/dist/docs/write-async-api.js', process.argv.slice(2), { build: true });
