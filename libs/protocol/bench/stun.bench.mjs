// What a relay does to each packet, in nanoseconds of CPU time: telling packets apart, ChannelData, messages, framing. CPU time,
// so that what else the machine does matters less. Run it with the workspace's Node.js.
import {
  ChannelNumber,
  classify,
  Data,
  decodeChannelData,
  decodeMessage,
  encodeChannelData,
  encodeChannelDataHeader,
  hasValidFingerprint,
  longTermKey,
  MessageBuilder,
  Nonce,
  Realm,
  StunClass,
  StunFraming,
  StunMethod,
  Username,
  verifyIntegrity,
  XorMappedAddress,
  XorPeerAddress,
} from '../src/stun/index.ts';

const ROUNDS = 12;
const PAYLOAD = Buffer.alloc(1200, 7);
const peer = { family: 'IPv4', address: '203.0.113.9', port: 49_152 };
const peer6 = { family: 'IPv6', address: '2001:db8:1234:5678:11:2233:4455:6677', port: 49_152 };
const key = longTermKey('1700000000:tenant:subject', 'millrace', 'password', 'md5');
const channelData = encodeChannelData(0x4001, PAYLOAD);
const send = new MessageBuilder(StunClass.indication, StunMethod.send, undefined, 1300)
  .add(XorPeerAddress, peer)
  .add(Data, PAYLOAD)
  .build();
const bind = new MessageBuilder(StunClass.request, StunMethod.channelBind)
  .add(ChannelNumber, 0x4001)
  .add(XorPeerAddress, peer)
  .add(Username, '1700000000:tenant:subject')
  .add(Realm, 'millrace')
  .add(Nonce, 'obMatJos2AAADf//499k954d6OL34oL9FSTvy64sA')
  .addIntegrity(key, 'sha1')
  .addFingerprint()
  .build();
const binding = new MessageBuilder(StunClass.request, StunMethod.binding).build();
const stream = Buffer.concat(new Array(50).fill(channelData));
const framing = new StunFraming();
let sink = 0;

/** @param {string} name @param {number} count calls in a round @param {() => void} act @param {number} units done by a call */
function measure(name, count, act, units = 1) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < count; i++) act();
    const { user, system } = process.cpuUsage(before);
    times.push(((user + system) * 1e3) / (count * units));
  }
  const sorted = times.slice(ROUNDS / 3).sort((a, b) => a - b);
  const show = (value) => `${value.toFixed(0).padStart(6)} ns`;
  console.log(`${name.padEnd(54)} best ${show(sorted[0])}  median ${show(sorted[sorted.length >> 1])}`);
}

measure('classify', 5e5, () => {
  if (classify(channelData) === 'channel-data') sink++;
});
measure('ChannelData, 1200 bytes: decode', 5e5, () => {
  sink += decodeChannelData(channelData).data.length;
});
measure('ChannelData: header', 5e5, () => {
  sink += encodeChannelDataHeader(0x4001, 1200).length;
});
measure('Send indication, 1200 bytes: decode, peer, data', 2e5, () => {
  const message = decodeMessage(send);
  sink += message.get(XorPeerAddress).port + message.get(Data).length;
});
measure('Data indication: encode what goes before the data', 2e5, () => {
  const builder = new MessageBuilder(StunClass.indication, StunMethod.data, undefined, 48);
  sink += builder.add(XorPeerAddress, peer).build().length;
});
measure('Data indication, 1200 bytes: encode', 2e5, () => {
  const builder = new MessageBuilder(StunClass.indication, StunMethod.data, undefined, 1300);
  sink += builder.add(XorPeerAddress, peer).add(Data, PAYLOAD).build().length;
});
measure('Binding request: decode', 2e5, () => {
  sink += decodeMessage(binding).method;
});
measure('Binding response: encode (IPv4)', 2e5, () => {
  sink += MessageBuilder.responseTo(decodeMessage(binding), StunClass.success)
    .add(XorMappedAddress, peer)
    .build().length;
});
measure('Binding response: encode (IPv6)', 1e5, () => {
  sink += MessageBuilder.responseTo(decodeMessage(binding), StunClass.success)
    .add(XorMappedAddress, peer6)
    .build().length;
});
measure('ChannelBind request: decode', 2e5, () => {
  sink += decodeMessage(bind).method;
});
measure('ChannelBind request: decode, fingerprint, integrity', 5e4, () => {
  const message = decodeMessage(bind);
  if (hasValidFingerprint(message) && verifyIntegrity(message, key)) sink++;
});
measure(
  'framing: 50 ChannelData in one read, each',
  2e4,
  () => {
    framing.push(stream);
    while (framing.next() !== undefined) sink++;
  },
  50,
);
measure(
  'framing: 50 ChannelData in reads of 1,460 bytes, each',
  5e3,
  () => {
    for (let at = 0; at < stream.length; at += 1460) {
      framing.push(stream.subarray(at, at + 1460));
      while (framing.next() !== undefined) sink++;
    }
  },
  50,
);
if (sink === 0) throw new Error('nothing was done');
