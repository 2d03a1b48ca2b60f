// `npm run test:images`: builds every image with the Docker engine of this machine and runs it.
import { runScript } from './setup/run.mjs';

await runScript('k8s/run-tests.ts', ['images', ...process.argv.slice(2)], { build: true });
