/**
 * A stand-in for the service, to look at the desktop without it: it speaks the websocket's contract, with made-up people.
 *
 *   node mock/server.mjs [port]      then open http://localhost:<port>/ and log in with any name and password
 *   curl -X POST localhost:<port>/mock/offered      brings a scene: idle away offered stranger talking held wrap_up voicemail listening callback dialling not_reached …
 *   curl -X POST localhost:<port>/mock/cut          drops the websocket and refuses it until /mock/back
 *
 * ROLE=supervisor or ROLE=admin in the environment brings the flows page.
 * SIP_PORT, SIP_USER and SIP_HA1 in the environment point the softphone at a real switch.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';

import { flowsAnswer, flowsState } from './flows.mjs';
import { beep, centre, person, queues, scenes, today } from './scenes.mjs';

const PORT = Number(process.argv[2] ?? 8801);
const STATIC = new URL('../../trunkline/web/static/', import.meta.url).pathname;
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const CSP = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws://localhost:* ws://127.0.0.1:*; base-uri 'none'; frame-ancestors 'none'";
const EPOCH = String(Date.now());

let seq = 0;
let refusing = false;
let log = [];
const state = { me: person(process.env), interactions: {}, queues: queues(), today: today(), parts: { database: { ready: true, detail: '' }, switch: { ready: true, detail: '' } }, centre: centre(), not_reached: null, ...(process.env.ROLE ? flowsState() : {}) };
const commands = [];
const now = () => new Date().toISOString();

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock');
  const json = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(body ? JSON.stringify(body) : '');
  if (url.pathname === '/api/login') {
    let body = '';
    for await (const part of request) body += part;
    if (JSON.parse(body).password === 'wrong') return json(401, { error: { code: 'wrong', message: '' } });
    response.setHeader('set-cookie', 'trunkline_session=mock; HttpOnly; SameSite=Strict; Path=/');
    return json(200, { agent: { id: state.me.id, name: state.me.name, role: state.me.role } });
  }
  if (url.pathname === '/api/logout') return response.writeHead(204, { 'set-cookie': 'trunkline_session=; Max-Age=0; Path=/' }).end();
  if (url.pathname === '/api/me') return refusing ? json(503) : json(/trunkline_session=mock/.test(request.headers.cookie ?? '') ? 200 : 401, {});
  if (url.pathname.startsWith('/api/flows')) {
    const [status, type, body] = flowsAnswer(url.pathname);
    return response.writeHead(status, { 'content-type': type }).end(body);
  }
  if (url.pathname.startsWith('/api/interactions/')) return response.writeHead(200, { 'content-type': 'audio/wav' }).end(beep(24));
  if (url.pathname === '/mock/commands') return json(200, commands);
  if (url.pathname.startsWith('/mock/')) return json(scene(url.pathname.slice(6)) ? 204 : 404);
  const file = join(STATIC, normalize(url.pathname === '/' ? '/index.html' : url.pathname));
  if (!file.startsWith(STATIC) || !existsSync(file)) return json(404, {});
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': CSP });
  createReadStream(file).pipe(response);
});

const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  if (refusing) return socket.destroy();
  sockets.handleUpgrade(request, socket, head, (desktop) => {
    const say = (message) => desktop.send(JSON.stringify(message));
    const ping = setInterval(() => say({ type: 'ping', now: now() }), 10_000);
    desktop.on('close', () => clearInterval(ping));
    desktop.on('message', (text) => heard(JSON.parse(String(text)), say));
  });
});

function heard(message, say) {
  if (message.type === 'hello') {
    if (message.epoch === EPOCH) {
      say({ type: 'resumed', epoch: EPOCH, seq, now: now() });
      for (const event of log.filter((one) => one.seq > message.seq)) say(event);
    } else say({ type: 'snapshot', epoch: EPOCH, seq, now: now(), state });
  }
  if (message.type === 'command') {
    commands.push(message);
    const problem = obey(message.name, message.args);
    say({ type: 'reply', id: message.id, ...(problem ? { ok: false, error: { code: 'refused', message: problem } } : { ok: true }) });
  }
}

function happens(event) {
  const { kind, interaction, id, queue, ...rest } = event;
  if (kind === 'interaction') state.interactions[interaction.id] = interaction;
  else if (kind === 'interaction_gone') delete state.interactions[id];
  else if (kind === 'queue') state.queues[queue.id] = queue;
  else Object.assign(state, rest);
  const message = { type: 'event', seq: ++seq, event };
  log = [...log.slice(-500), message];
  for (const desktop of sockets.clients) desktop.send(JSON.stringify(message));
}

const me = (change) => happens({ kind: 'me', me: { ...state.me, ...change } });

function obey(name, args) {
  const card = state.interactions[args.interaction] ?? Object.values(state.interactions).find((one) => one.offer?.id === args.offer);
  const change = (to) => happens({ kind: 'interaction', interaction: { ...card, ...to } });
  if (name === 'presence') return void me({ presence: args.presence, reason: args.reason ?? null, since: now() });
  if (name === 'phone') return void me({ phone: { ...state.me.phone, kind: args.kind } });
  if (!card) return 'this interaction is not in your hands';
  if (name === 'note') return void change({ note: args.text });
  if (name === 'accept') return void change({ stage: 'talking', stage_since: now(), offer: null });
  if (name === 'hang_up') return void change({ stage: 'wrap_up', stage_since: now(), wrap_up_until: new Date(Date.now() + 60_000).toISOString() });
  if (name === 'extend_wrap_up') return void change({ wrap_up_until: new Date(Date.parse(card.wrap_up_until) + 60_000).toISOString() });
  happens({ kind: 'interaction_gone', id: card.id });
  me({ busy: null, ...(name === 'decline' ? { presence: 'not_ready', reason: 'declined', since: now() } : {}) });
}

function scene(name) {
  if (name === 'cut' || name === 'back') {
    refusing = name === 'cut';
    if (refusing) for (const desktop of sockets.clients) desktop.terminate();
    return true;
  }
  if (name === 'expire') {
    for (const desktop of sockets.clients) desktop.close(4001);
    return true;
  }
  const made = scenes[name]?.();
  if (!made) return false;
  for (const id of Object.keys(state.interactions)) if (id !== made.card?.id) happens({ kind: 'interaction_gone', id });
  happens({ kind: 'not_reached', not_reached: made.not_reached ?? null });
  if (made.card) happens({ kind: 'interaction', interaction: made.card });
  me({ busy: made.card?.id ?? null, ...made.me });
  if (made.parts) happens({ kind: 'parts', parts: made.parts });
  return true;
}

server.listen(PORT, '127.0.0.1', () => console.log(`http://localhost:${PORT}/`));
