// `npm run test:k8s`: the chart in a Kubernetes that runs on this machine for as long as the tests; first with fake nodes, then real.
import { runScript } from './setup/run.mjs';

await runScript('k8s/run-tests.ts', ['kubernetes', ...process.argv.slice(2)], { build: true });
