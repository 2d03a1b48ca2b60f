import type { JSX } from 'preact';
import type { TenantStream } from '../api/resources.ts';
import { Link } from '../routing.tsx';
import { texts } from '../texts.ts';
import { Icon } from '../ui/icon.tsx';
import { Moment } from '../ui/moment.tsx';
import { playlistPath, publicPlayback } from './playback-choice.ts';
import { StateBadge } from './state-badge.tsx';
import { StillPicture } from './still-picture.tsx';

export function StreamCard({ stream }: { readonly stream: TenantStream }): JSX.Element {
  const playback = publicPlayback(stream);
  const isPlayable = stream.status === 'active' && playback !== undefined;
  return (
    <Link to={`/streams/${stream.id}`} class="card">
      <div class="picture">
        {isPlayable ? (
          <StillPicture key={stream.active_session_id} playlistUrl={playlistPath(playback)} />
        ) : (
          <Icon name="streams" />
        )}
        <StateBadge state={stream.status} />
      </div>
      <div class="card-text">
        <strong>{stream.name}</strong>
        <span class="small muted">
          {texts.common.created} <Moment at={stream.created_at} />
        </span>
      </div>
    </Link>
  );
}
