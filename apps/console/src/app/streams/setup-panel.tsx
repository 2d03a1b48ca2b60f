import type { JSX } from 'preact';
import type { NewStreamKey } from '../api/resources.ts';
import { texts } from '../texts.ts';
import { Section } from '../ui/section.tsx';
import { SetupSteps } from './setup-steps.tsx';

interface SetupPanelProps {
  readonly streamKey: NewStreamKey;
  /** The address to publish to, with `{stream_key}` in place of the key. */
  readonly template: string;
}

/** What to enter in an encoder, on the page of a stream that was just made. */
export const SetupPanel = ({ streamKey, template }: SetupPanelProps): JSX.Element => (
  <Section title={texts.setup.title}>
    <div class="panel">
      <SetupSteps streamKey={streamKey} template={template} />
    </div>
  </Section>
);
