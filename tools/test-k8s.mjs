// `npm run test:k8s`: the chart in Kubernetes clusters on this machine, which end with the tests; simulated nodes first, then real ones.
import { runScript } from './setup/run.mjs';

await runScript('k8s/run-tests.ts', ['kubernetes', ...process.argv.slice(2)], { build: true });
