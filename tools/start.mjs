// `npm start`: installs what is missing, builds what is stale, runs everything in one process.
import { SERVICE_NODE_ARGUMENTS as nodeArguments } from './setup/node-arguments.mjs';
import { runScript } from './setup/run.mjs';

await runScript('apps/standalone/dist/main.js', process.argv.slice(2), {
  build: true,
  nodeArguments,
  readsEnvFile: true,
});
