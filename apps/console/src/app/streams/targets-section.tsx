import type { JSX } from 'preact';
import type { ShownTarget, TenantStream } from '../api/resources.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import type { BadgeTone } from '../ui/badge.tsx';
import { passwordOf, textOf } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { formatBytes } from '../ui/format.ts';
import { OtherServersSection } from './other-servers-section.tsx';

const TONES: Readonly<Record<ShownTarget['state'], BadgeTone>> = {
  disabled: 'neutral',
  idle: 'neutral',
  connecting: 'warning',
  connected: 'live',
  waiting: 'warning',
  error: 'danger',
};

function bodyOf(fields: FormData): object {
  const streamKey = passwordOf(fields, 'stream_key');
  return { url: textOf(fields, 'url'), ...(streamKey !== '' && { stream_key: streamKey }) };
}

/** Other servers that the stream is also sent to. */
export function TargetsSection({ stream }: { readonly stream: TenantStream }): JSX.Element {
  const { may } = useSession();
  return (
    <OtherServersSection<ShownTarget>
      path={`/v1/live_streams/${stream.id}/simulcast_targets`}
      mayWrite={may('simulcast_targets:write')}
      words={texts.targets}
      tones={TONES}
      sinceOf={({ connected_at: since }) => since}
      column={{ title: texts.targets.sent, cell: ({ bytes_sent: bytes }) => formatBytes(bytes) }}
      bodyOf={bodyOf}
      fields={
        <>
          <TextField
            label={texts.targets.url}
            name="url"
            hint={texts.targets.urlHint}
            placeholder="rtmp://a.rtmp.youtube.com/live2"
            maxLength={1_000}
            isRequired
          />
          <TextField
            label={texts.targets.streamKey}
            name="stream_key"
            type="password"
            hint={texts.targets.streamKeyHint}
          />
        </>
      }
    />
  );
}
