// `kubectl exec POD -- node drain.js`: images have no shell and no curl.
import { drainCommand } from './drain-command.ts';

try {
  process.stdout.write(`${await drainCommand(process.argv.slice(2), process.env)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
