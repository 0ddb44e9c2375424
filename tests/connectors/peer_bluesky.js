// Bluesky's own servers on loopback: a PDS alone, or with the AppView where DB_POSTGRES_URL and REDIS_HOST say what it keeps its index in.
// Prints their addresses as one line of JSON, and ends when nobody listens any more (its standard input is closed).
const net = require('net');
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) { // they listen on all interfaces by themselves
  if (args[0] && typeof args[0] === 'object' && args[0].port !== undefined) args[0].host = '127.0.0.1';
  else if (/^\d+$/.test(String(args[0]))) args.splice(1, typeof args[1] === 'string' ? 1 : 0, '127.0.0.1');
  return listen.apply(this, args);
};
const { TestNetwork, TestNetworkNoAppView } = require(process.argv[2] + '/node_modules/@atproto/dev-env');
const whole = Boolean(process.env.DB_POSTGRES_URL && process.env.REDIS_HOST);
(whole ? TestNetwork : TestNetworkNoAppView).create({ pds: { rateLimitsEnabled: !whole } }).then((network) => {
  console.log(JSON.stringify({ pds: network.pds.url, appview: whole ? network.bsky.url : null }));
});
process.stdin.resume().on('end', () => process.exit(0));
