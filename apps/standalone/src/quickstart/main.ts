// Makes the demo stream of a cluster that runs elsewhere, and prints what to do with it: once, then it ends.
import { ensureQuickstart } from './ensure-quickstart.ts';
import { formatQuickstart } from './format-quickstart.ts';
import { quickstartFile } from './quickstart.ts';
import { quickstartSettings } from './quickstart-settings.ts';

try {
  const { dataDir, ...options } = quickstartSettings.parse(process.env);
  const quickstart = await ensureQuickstart({ folder: dataDir, ...options });
  const secrets = process.stdout.isTTY ? 'shown' : { keptIn: quickstartFile(dataDir) };
  process.stdout.write(`${formatQuickstart(quickstart, 'FILE', { secrets })}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
