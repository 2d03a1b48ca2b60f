// The variables that this program reads.
import { defineSettings, setting, text, url } from '@millrace/service-kit';

export const cliSettings = defineSettings({
  url: setting(
    'MILLRACE_URL',
    url('http', 'https'),
    'http://localhost:8080',
    'The server that the command line talks to.',
  ),
  apiKey: setting('MILLRACE_API_KEY', text, '', 'The REST key that the command line uses.', { secret: true }),
  streamKey: setting(
    'MILLRACE_STREAM_KEY',
    text,
    '',
    'The stream key that "millrace publish" uses instead of one of its own.',
    {
      secret: true,
    },
  ),
  profile: setting('MILLRACE_PROFILE', text, 'default', 'The profile of "millrace login" that the command line uses.'),
});
