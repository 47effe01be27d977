// What stands before an authorization server: it counts requests, spoils answers on purpose, and has a control
// port of its own. Everything listens on 127.0.0.1 and ends when stdin closes.

import { once } from 'node:events';
import http from 'node:http';

const HOST = '127.0.0.1';

/** Starts a server that `build(issuer)` makes: `{ handler, stats, controls }`. Prints where it listens. */
export async function start(build) {
  const front = http.createServer();
  const issuer = await listen(front);
  const { handler, stats, controls } = await build(issuer);
  const inner = http.createServer(handler);
  const target = new URL(await listen(inner));
  const state = { counts: { token: {}, authorize: 0, userinfo: 0, revoke: 0, spoiled: 0 }, faults: [] };
  front.on('request', (req, res) => {
    pass(req, res, target, state).catch(() => req.socket.destroy());
  });
  const all = {
    counts: () => ({ ...state.counts, ...stats() }),
    // `times` answers of the token endpoint from now on, instead of what was planned before.
    fail_next: ({ times, ...fault }) => {
      state.faults = Array(times).fill(fault);
    },
    ...controls,
  };
  const control = http.createServer((req, res) => {
    command(req, res, all).catch((error) => res.writeHead(400).end(String(error.message)));
  });
  console.log(JSON.stringify({ issuer, control: await listen(control) }));
  process.stdin.resume().on('end', () => process.exit(0));
}

async function listen(server) {
  server.listen(0, HOST);
  await once(server, 'listening');
  return `http://${HOST}:${server.address().port}`;
}

async function command(req, res, all) {
  const run = all[req.url.slice(1)];
  if (!run) {
    res.writeHead(404).end();
    return;
  }
  const body = await read(req);
  const answer = await run(body.length ? JSON.parse(body) : {});
  res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer ?? {}));
}

async function pass(req, res, target, { counts, faults }) {
  const body = await read(req);
  const endpoint = req.url.split('?')[0].slice(1);
  if (endpoint in counts && endpoint !== 'token') {
    counts[endpoint] += 1;
  }
  let fault;
  if (endpoint === 'token') {
    const grant = new URLSearchParams(body.toString()).get('grant_type') ?? 'none';
    counts.token[grant] = (counts.token[grant] ?? 0) + 1;
    fault = faults.shift();
  }
  if (!fault) {
    return send(res, await forward(req, body, target));
  }
  counts.spoiled += 1;
  await spoil(fault, req, res, () => forward(req, body, target));
}

/** The faults. Those that call `serve` have changed the server's state when the client sees them. */
async function spoil(fault, req, res, serve) {
  switch (fault.kind) {
    case 'unavailable':
      return send(res, text(503, 'text/plain', 'Service Unavailable'));
    case 'too_many_requests': {
      const answer = text(429, 'application/json', '{"error":"temporarily_unavailable"}');
      answer.headers['retry-after'] = String(fault.retry_after);
      return send(res, answer);
    }
    case 'html':
      return send(res, text(200, 'text/html', '<!doctype html><title>Maintenance</title>'));
    case 'delay':
      await new Promise((done) => setTimeout(done, fault.ms));
      return send(res, await serve());
    case 'truncated': {
      const answer = await serve();
      return send(res, { ...answer, body: answer.body.subarray(0, answer.body.length / 2) });
    }
    case 'hang_up':
      await serve();
      return req.socket.destroy();
    default:
      throw new Error(`unknown fault ${fault.kind}`);
  }
}

function text(status, type, body) {
  return { status, headers: { 'content-type': type }, body: Buffer.from(body) };
}

function send(res, { status, headers, body }) {
  res.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
}

async function forward(req, body, target) {
  const { hostname, port } = target;
  const { method, url: path, headers } = req;
  // The server behind must see the address that clients see.
  const outgoing = http.request({ hostname, port, method, path, headers, setHost: false });
  outgoing.end(body);
  const [incoming] = await once(outgoing, 'response');
  const { 'transfer-encoding': _, connection: __, ...kept } = incoming.headers;
  return { status: incoming.statusCode, headers: kept, body: await read(incoming) };
}

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
