// `npm run dashboards`: writes k8s/dashboards and k8s/alerts from what k8s/observability says.
import { runScript } from './setup/run.mjs';

await runScript('k8s/observability/write.ts', process.argv.slice(2), { build: false });
