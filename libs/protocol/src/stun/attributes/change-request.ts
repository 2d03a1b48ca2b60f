// RFC 5780 section 7.2: CHANGE-REQUEST.
import { stunAttribute } from '../attribute.ts';

const CHANGE_IP = 0x04;
const CHANGE_PORT = 0x02;

/** From where the server shall answer: another address, another port, or both. */
export const ChangeRequest = stunAttribute<{ readonly changeIp: boolean; readonly changePort: boolean }>(
  'CHANGE-REQUEST',
  0x0003,
  (reader) => {
    const flags = reader.u32();
    return { changeIp: (flags & CHANGE_IP) !== 0, changePort: (flags & CHANGE_PORT) !== 0 };
  },
  (writer, { changeIp, changePort }) => writer.u32((changeIp ? CHANGE_IP : 0) | (changePort ? CHANGE_PORT : 0)),
);
