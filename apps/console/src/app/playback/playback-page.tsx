import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useSession } from '../session-context.tsx';
import { texts } from '../texts.ts';
import { Button } from '../ui/button.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { PlaybackKeysSection } from './playback-keys-section.tsx';
import { PolicySection } from './policy-section.tsx';
import { RestrictionsSection } from './restrictions-section.tsx';
import { RevokeViewerDialog } from './revoke-viewer-dialog.tsx';

/** Who may watch what is signed: the keys of tokens, what tokens are restricted to, and which viewers are revoked. */
export function PlaybackPage(): JSX.Element {
  const { may } = useSession();
  const [isRevoking, setRevoking] = useState(false);
  return (
    <>
      <PageHead title={texts.signedPlayback.title} lead={texts.signedPlayback.lead}>
        {may('playback:write') && (
          <Button onClick={() => setRevoking(true)}>{texts.signedPlayback.revokeViewer}</Button>
        )}
      </PageHead>
      <PolicySection />
      <PlaybackKeysSection />
      <RestrictionsSection />
      {isRevoking && <RevokeViewerDialog onClose={() => setRevoking(false)} />}
    </>
  );
}
