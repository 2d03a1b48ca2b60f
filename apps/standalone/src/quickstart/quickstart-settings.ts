// What making a demo stream in a cluster that runs elsewhere needs to know.
import { commonSettings, defineSettings, setting, text, url } from '@millrace/service-kit';

export const quickstartSettings = defineSettings({
  dataDir: commonSettings.dataDir,
  apiUrl: setting('MILLRACE_API_URL', url('http', 'https'), 'http://127.0.0.1:8080', 'Where the gateway answers.'),
  publicUrl: setting('MILLRACE_PUBLIC_URL', url('http', 'https'), 'http://localhost:8080', 'Where browsers reach it.'),
  publicRtmpUrl: setting(
    'MILLRACE_PUBLIC_RTMP_URL',
    url('rtmp', 'rtmps'),
    'rtmp://localhost:1935/live',
    'Where encoders reach it.',
  ),
  operatorKey: setting('MILLRACE_OPERATOR_KEY', text, '', 'The key that the gateway was started with.', {
    secret: true,
  }),
});
