import type { JSX } from 'preact';
import type { NewStreamKey, TenantStream } from '../api/resources.ts';
import { texts } from '../texts.ts';
import { Section } from '../ui/section.tsx';
import { SetupSteps } from './setup-steps.tsx';

interface SetupPanelProps {
  readonly streamKey: NewStreamKey;
  readonly ingest: TenantStream['ingest'];
}

/** What to enter in an encoder, on the page of a stream that was just made. */
export const SetupPanel = ({ streamKey, ingest }: SetupPanelProps): JSX.Element => (
  <Section title={texts.setup.title}>
    <div class="panel">
      <SetupSteps streamKey={streamKey} ingest={ingest} />
    </div>
  </Section>
);
