// Measured peer: node-turn on loopback.   node node-turn.cjs FOLDER PORT USER PASSWORD REALM
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [folder, port, user, password, realm] = process.argv.slice(2);
const Turn = createRequire(join(folder, 'package.json'))('node-turn');
new Turn({
  listeningIps: ['127.0.0.1'],
  relayIps: ['127.0.0.1'],
  listeningPort: Number(port),
  minPort: 40000,
  maxPort: 44999,
  authMech: 'long-term',
  realm,
  credentials: { [user]: password },
  debugLevel: 'OFF',
}).start();
