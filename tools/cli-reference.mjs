// `npm run cli-reference`: writes the help of every command into docs/cli.md.
import { runScript } from './setup/run.mjs';

await runScript('apps/cli/dist/reference/main.js', process.argv.slice(2), { build: true });
