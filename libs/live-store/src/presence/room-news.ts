// What a participant is told, as it waits in a mailbox: a text that every pod can read, whichever release wrote it.
import type {
  LeaveReason,
  ParticipantPermissions,
  ParticipantProfile,
  ParticipantState,
  RoomFacts,
} from '@millrace/domain';

export type RoomNews =
  | { readonly kind: 'joined' | 'updated'; readonly state: ParticipantState; readonly profile: ParticipantProfile }
  | { readonly kind: 'left'; readonly participantId: string; readonly reason: LeaveReason }
  | { readonly kind: 'room'; readonly room: RoomFacts }
  /** What another participant posted. */
  | { readonly kind: 'post'; readonly from: string; readonly body: string };

export function encodeRoomNews(news: RoomNews): string {
  return JSON.stringify(news);
}

/** Takes only what `encodeRoomNews`, or the scripts in Redis, have written. */
export function decodeRoomNews(text: string): RoomNews {
  const news = JSON.parse(text) as RoomNews;
  return 'profile' in news ? { ...news, profile: restored(news.profile) } : news;
}

export function encodeProfile(profile: ParticipantProfile): string {
  return JSON.stringify(profile);
}

export function decodeProfile(text: string): ParticipantProfile {
  return restored(JSON.parse(text) as WrittenProfile);
}

/** A release before this one knew no permission to rename: then names could be changed. */
type WrittenProfile = Omit<ParticipantProfile, 'permissions'> & {
  readonly permissions: Omit<ParticipantPermissions, 'rename'> & { readonly rename?: boolean };
};

/** JSON leaves out what is undefined. */
function restored({ permissions, admission, ...profile }: WrittenProfile): ParticipantProfile {
  return {
    ...profile,
    identity: profile.identity,
    permissions: { ...permissions, rename: permissions.rename ?? true },
    ...(admission !== undefined && { admission: { ...admission, name: admission.name } }),
  };
}
