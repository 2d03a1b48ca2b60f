// RFC 8216 section 4.3.4: reading a multivariant playlist.
import { AttributeList } from './attribute-list.ts';
import { parseDefine } from './define.ts';
import type { Define } from './define.ts';
import type { MultivariantPlaylist, Rendition, SessionData, Variant } from './multivariant-playlist.ts';
import { parseRendition, parseSessionData, parseVariant } from './multivariant-playlist.ts';
import { PlaylistError } from './playlist-error.ts';
import { readPlaylistLines } from './playlist-line.ts';
import type { EncryptionKey, StartPoint } from './shared-tags.ts';
import { once, parseSessionKey, parseStart, parseVersion } from './shared-tags.ts';

const PLACE = 'hls/multivariant-playlist';
/** Tags of media playlists: "A Playlist MUST be either a Media Playlist or a Master Playlist" (section 4.1). */
const MEDIA_TAGS = new Set([
  '#EXTINF',
  '#EXT-X-TARGETDURATION',
  '#EXT-X-MEDIA-SEQUENCE',
  '#EXT-X-DISCONTINUITY-SEQUENCE',
  '#EXT-X-ENDLIST',
  '#EXT-X-PLAYLIST-TYPE',
  '#EXT-X-PART',
  '#EXT-X-PART-INF',
  '#EXT-X-SERVER-CONTROL',
]);

class MultivariantPlaylistParser {
  #version: number | undefined;
  #independentSegments: true | undefined;
  #start: StartPoint | undefined;
  readonly #defines: Define[] = [];
  readonly #defined = new Set<string>();
  readonly #renditions: Rendition[] = [];
  readonly #variants: Variant[] = [];
  readonly #iFrameVariants: Variant[] = [];
  readonly #sessionData: SessionData[] = [];
  readonly #sessionKeys: EncryptionKey[] = [];
  readonly #otherTags: string[] = [];
  /** The EXT-X-STREAM-INF whose URI comes next. */
  #pending: AttributeList | undefined;

  tag(name: string, value: string | undefined, line: number): void {
    if (MEDIA_TAGS.has(name)) throw new PlaylistError('kind', PLACE, line, `${name} in a multivariant playlist`);
    if (this.#pending !== undefined) {
      throw new PlaylistError('stream-inf', PLACE, line, 'EXT-X-STREAM-INF without a URI on the next line');
    }
    const list = (): AttributeList => new AttributeList(value ?? '', PLACE, line);
    switch (name) {
      case '#EXT-X-VERSION':
        this.#version = once(this.#version, parseVersion(value, PLACE, line), name, PLACE, line);
        return;
      case '#EXT-X-INDEPENDENT-SEGMENTS':
        this.#independentSegments = once(this.#independentSegments, true, name, PLACE, line);
        return;
      case '#EXT-X-START':
        this.#start = once(this.#start, parseStart(list()), name, PLACE, line);
        return;
      case '#EXT-X-DEFINE': {
        const attributes = list();
        const define = parseDefine(attributes, this.#defined);
        // "EXT-X-DEFINE tags containing the IMPORT attribute MUST NOT occur in Multivariant Playlists".
        if ('import' in define) throw attributes.wrong('IMPORT in a multivariant playlist');
        this.#defines.push(define);
        return;
      }
      case '#EXT-X-STREAM-INF':
        this.#pending = list();
        return;
      case '#EXT-X-I-FRAME-STREAM-INF': {
        const attributes = list();
        const uri = attributes.required('URI', attributes.quoted('URI'));
        this.#iFrameVariants.push(parseVariant(attributes, uri));
        return;
      }
      case '#EXT-X-MEDIA':
        this.#renditions.push(parseRendition(list()));
        return;
      case '#EXT-X-SESSION-DATA':
        this.#sessionData.push(parseSessionData(list()));
        return;
      case '#EXT-X-SESSION-KEY':
        this.#sessionKeys.push(parseSessionKey(list()));
        return;
      default:
        this.#otherTags.push(value === undefined ? name : `${name}:${value}`);
    }
  }

  uri(uri: string, line: number): void {
    if (this.#pending === undefined)
      throw new PlaylistError('stream-inf', PLACE, line, 'a URI without EXT-X-STREAM-INF');
    this.#variants.push(parseVariant(this.#pending, uri));
    this.#pending = undefined;
  }

  finish(): MultivariantPlaylist {
    if (this.#pending !== undefined) throw new PlaylistError('stream-inf', PLACE, 0, 'EXT-X-STREAM-INF without a URI');
    return {
      version: this.#version ?? 1,
      ...(this.#defines.length > 0 && { defines: this.#defines }),
      independentSegments: this.#independentSegments ?? false,
      start: this.#start,
      renditions: this.#renditions,
      variants: this.#variants,
      iFrameVariants: this.#iFrameVariants,
      sessionData: this.#sessionData,
      sessionKeys: this.#sessionKeys,
      otherTags: this.#otherTags,
    };
  }
}

/**
 * Reads a multivariant playlist. Tags that it does not know are kept.
 * @throws PlaylistError with the line number for anything that section 4 does not allow
 */
export function parseMultivariantPlaylist(text: string): MultivariantPlaylist {
  const parser = new MultivariantPlaylistParser();
  for (const line of readPlaylistLines(text, PLACE)) {
    if (line.kind === 'tag') parser.tag(line.name, line.value, line.line);
    else parser.uri(line.uri, line.line);
  }
  return parser.finish();
}
