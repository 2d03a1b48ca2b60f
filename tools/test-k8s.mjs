// `npm run test:k8s`: installs the chart into a Kubernetes control plane that runs on this machine for as long as the tests.
import { runScript } from './setup/run.mjs';

await runScript('k8s/run-tests.ts', ['install', ...process.argv.slice(2)], { build: true });
