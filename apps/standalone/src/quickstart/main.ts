// Makes the demo stream of a cluster that runs elsewhere, and prints what to do with it: once, then it ends.
import { defineSettings, commonSettings, setting, text, url } from '@millrace/service-kit';
import { ensureQuickstart } from './ensure-quickstart.ts';
import { formatQuickstart } from './format-quickstart.ts';

const settings = defineSettings({
  dataDir: commonSettings.dataDir,
  apiUrl: setting('MILLRACE_API_URL', url('http', 'https'), 'http://127.0.0.1:8080', 'Where the gateway answers.'),
  publicUrl: setting('MILLRACE_PUBLIC_URL', url('http', 'https'), 'http://localhost:8080', 'Where browsers reach it.'),
  publicRtmpUrl: setting(
    'MILLRACE_PUBLIC_RTMP_URL',
    url('rtmp', 'rtmps'),
    'rtmp://localhost:1935/live',
    'For encoders.',
  ),
  operatorKey: setting('MILLRACE_OPERATOR_KEY', text, '', 'The key that the gateway was started with.'),
});

try {
  const { dataDir, ...options } = settings.parse(process.env);
  const quickstart = await ensureQuickstart({ folder: dataDir, ...options });
  process.stdout.write(`${formatQuickstart(quickstart, 'FILE')}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
