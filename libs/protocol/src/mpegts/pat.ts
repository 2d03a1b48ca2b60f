// ISO/IEC 13818-1 section 2.4.4.3: program_association_section.
import { ByteReader, ByteWriter, ProtocolError } from '../bytes/index.ts';
import { decodeSection, encodeSection, TableId } from './section.ts';

const PLACE = 'mpegts/pat';
export const PAT_PID = 0;
/** Program number 0 names the PID of the network information table instead of a PMT. */
export const NETWORK_PROGRAM = 0;

export interface ProgramAssociation {
  readonly transportStreamId: number;
  readonly version: number;
  readonly current: boolean;
  readonly programs: readonly { readonly programNumber: number; readonly pid: number }[];
}

/**
 * Reads a PAT section.
 * @throws ProtocolError when it is not one
 */
export function decodePat(bytes: Uint8Array): ProgramAssociation {
  const section = decodeSection(bytes);
  if (section.tableId !== TableId.pat) throw new ProtocolError('mpegts.pat.table-id', PLACE, `${section.tableId}`);
  const reader = new ByteReader(section.body, PLACE);
  const programs: { programNumber: number; pid: number }[] = [];
  while (reader.remaining > 0) programs.push({ programNumber: reader.u16(), pid: reader.u16() & 0x1fff });
  return {
    transportStreamId: section.tableIdExtension,
    version: section.version,
    current: section.current,
    programs,
  };
}

/** Writes a PAT of one section. */
export function encodePat(pat: ProgramAssociation): Buffer {
  const body = new ByteWriter();
  for (const program of pat.programs) body.u16(program.programNumber).u16(0xe000 | program.pid);
  return encodeSection({
    tableId: TableId.pat,
    tableIdExtension: pat.transportStreamId,
    version: pat.version,
    current: pat.current,
    sectionNumber: 0,
    lastSectionNumber: 0,
    body: body.toBuffer(),
  });
}
