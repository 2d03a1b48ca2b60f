import type { JSX } from 'preact';
import type { ShownSource, TenantStream } from '../api/resources.ts';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import type { BadgeTone } from '../ui/badge.tsx';
import { passwordOf, textOf } from '../ui/dialog.tsx';
import { ChoiceField, TextField } from '../ui/field.tsx';
import { OtherServersSection } from './other-servers-section.tsx';

const TONES: Readonly<Record<ShownSource['state'], BadgeTone>> = {
  disabled: 'neutral',
  idle: 'neutral',
  connecting: 'warning',
  live: 'live',
  waiting: 'danger',
  unknown: 'neutral',
};

function bodyOf(fields: FormData): object {
  const [username, password] = [textOf(fields, 'username'), passwordOf(fields, 'password')];
  return {
    url: textOf(fields, 'url'),
    mode: textOf(fields, 'mode'),
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
  };
}

interface SourcesSectionProps {
  readonly stream: TenantStream;
  /** One was made or deleted, and a stream key with it. */
  readonly onChanged: () => void;
}

/** Cameras and other servers that the stream is pulled from. */
export function SourcesSection({ stream, onChanged }: SourcesSectionProps): JSX.Element {
  const { may } = useSession();
  return (
    <OtherServersSection<ShownSource>
      path={`/v1/live_streams/${stream.id}/ingest_sources`}
      mayWrite={may('ingest_sources:write')}
      words={texts.sources}
      tones={TONES}
      sinceOf={({ state_since: since }) => since}
      column={{ title: texts.sources.mode, cell: ({ mode }) => texts.sources.modes[mode] }}
      bodyOf={bodyOf}
      onChanged={onChanged}
      fields={
        <>
          <TextField
            label={texts.sources.url}
            name="url"
            hint={texts.sources.urlHint}
            placeholder="rtsp://camera.example.com/door"
            maxLength={2_000}
            isRequired
          />
          <ChoiceField
            label={texts.sources.mode}
            name="mode"
            hint={texts.sources.modeHint}
            options={[
              ['always', texts.sources.modes.always],
              ['on_demand', texts.sources.modes.on_demand],
            ]}
          />
          <TextField label={texts.sources.username} name="username" maxLength={256} />
          <TextField label={texts.sources.password} name="password" type="password" hint={texts.sources.passwordHint} />
        </>
      }
    />
  );
}
