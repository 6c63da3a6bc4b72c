/** The made-up people and calls of the mock: ordinary ones, and the odd ones that break layouts. */

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const ahead = (seconds) => ago(-seconds);

export const person = (env) => ({
  id: 'ana', name: 'Ana Torres', role: env.ROLE ?? 'agent', presence: 'ready', reason: null, since: ago(734), busy: null,
  phone: {
    kind: 'browser', endpoint: 'ana-web', reachable: true,
    sip: { uri: `sip:${env.SIP_USER ?? 'ana-web'}@127.0.0.1:5060`, user: env.SIP_USER ?? 'ana-web', realm: 'trunkline', ha1: env.SIP_HA1 ?? 'x', ws_port: Number(env.SIP_PORT ?? 8088), secure: false },
  },
});

export const centre = () => ({
  name: 'Acme', region: 'GB',
  dispositions: [['resolved', 'Resolved'], ['sale', 'Sale made'], ['follow-up', 'Follow-up needed'], ['wrong-number', 'Wrong number']].map(([code, title]) => ({ code, title })),
  reasons: [['break', 'Break'], ['lunch', 'Lunch'], ['training', 'Training'], ['admin', 'Paperwork']].map(([code, title]) => ({ code, title })),
});

export const queues = () => ({
  sales: { id: 'sales', title: 'Sales', waiting: 2, longest_since: ago(95), ready: 3, mine: true },
  support: { id: 'support', title: 'Support', waiting: 0, longest_since: null, ready: 5, mine: true },
});

export const today = () => ({ handled: 23, talk_s: 6120, wrap_s: 940, missed: 1, longest_talk_s: 1284 });

const path = () => [
  { flow: 'main', step: 'welcome', title: 'Welcome', at: ago(150), answer: null },
  { flow: 'main', step: 'menu', title: 'Main menu', at: ago(140), answer: 'Support' },
  { flow: 'main', step: 'account', title: 'Account number', at: ago(120), answer: '4711 0815' },
  { flow: 'main', step: 'hours', title: 'Opening hours', at: ago(110), answer: 'open' },
  { flow: 'main', step: 'queue', title: 'Support queue', at: ago(108), answer: null },
];

const past = (many) =>
  Array.from({ length: many }, (_, at) => ({
    id: `past-${at}`, at: ago(3600 * (5 + at * 31)), medium: 'voice', queue: at % 2 ? 'Sales' : 'Support', agent: at % 3 ? 'Ben Okafor' : 'Ana Torres',
    disposition: ['resolved', 'follow-up', 'sale', null][at % 4], note: at % 2 ? null : 'Asked for the invoice of October to be sent again; the address had changed since spring. Sent while on the call.',
    talked_s: 60 + at * 47, outcome: at % 4 === 3 ? 'abandoned' : 'handled',
  }));

const card = (change) => ({
  id: 'call-1', medium: 'voice', work: 'call', stage: 'offered', stage_since: ago(1), arrived_at: ago(150), waiting_since: ago(108), waited_s: 107,
  offer: null, queue: { id: 'support', title: 'Support' }, dialled: '0800 123 100',
  routed: { by: 'strategy', strategy: 'longest_idle', able: 2, at_most: 4, asked: [{ title: 'French', level: 3 }], preferred: [], relaxed: false },
  address: { raw: '+447700900123', e164: '+447700900123', national: '07700 900123', anonymous: false },
  customer: { id: 'c-1', name: 'Margaret Whitfield', tags: ['gold', 'since 2019'], addresses: ['+447700900123', '+442079460018'], notes: [{ at: ago(86400 * 12), by: 'Ben Okafor', text: 'Prefers to be called in the afternoon. Hard of hearing: speak slowly.' }] },
  path: path(), answers: { account: '4711 0815', topic: 'Invoice' }, held_since: null, wrap_up_until: null, note: '', disposition: null, voicemail: null, callback: null, timeline: past(5), ...change,
});

const offered = (change) => ({ card: card({ offer: { id: `offer-${Date.now()}`, expires_at: ahead(20) }, ...change }) });
// Asked for by a key while they waited, eight minutes ago.
const back = (change) => ({
  id: 'back-1', work: 'callback', arrived_at: ago(485), waited_s: 485, waiting_since: ago(590),
  callback: { number: { national: '07700 900123', e164: '+447700900123' }, tries: 0, dialling: false, asked_at: ago(485), ...change },
  timeline: [{ ...past(1)[0], id: 'asked', at: ago(600), agent: null, disposition: null, note: '', talked_s: 0, outcome: 'callback_planned' }, ...past(4)],
});
const notReached = (change) => ({ id: 'back-1', address: card({}).address, caller_name: '', customer: card({}).customer, tries: 1, again_at: ahead(15 * 60), ...change });
const address = (raw, change = {}) => ({ raw, e164: null, national: raw, anonymous: false, ...change });

export const scenes = {
  idle: () => ({ me: { presence: 'ready', reason: null, since: ago(734) } }),
  away: () => ({ me: { presence: 'not_ready', reason: 'break', since: ago(312) } }),
  missed: () => ({ me: { presence: 'not_ready', reason: 'no_answer', since: ago(12) } }),
  desk_phone: () => ({ me: { phone: { ...person({}).phone, kind: 'sip' } } }),
  browser: () => ({ me: { phone: person(process.env).phone } }),
  offered: () => offered({}),
  stranger: () => offered({ customer: { id: 'c-2', name: null, tags: [], addresses: ['+447700900999'], notes: [] }, address: address('+447700900999', { e164: '+447700900999', national: '07700 900999' }), path: [], answers: {}, timeline: [] }),
  anonymous: () => offered({ customer: null, address: address('', { anonymous: true }), path: path().slice(0, 2), answers: {}, timeline: [] }),
  huge: () => offered({
    customer: { id: 'c-3', name: `Wilhelmina ${'von Hohenlohe-Schillingsfürst '.repeat(70)}`, tags: ['a-very-long-tag-without-any-blank-in-it-at-all', 'gold', 'complaint', 'press'], addresses: Array.from({ length: 6 }, (_, n) => `+4477009001${n}0`), notes: [{ at: ago(400), by: null, text: 'W'.repeat(800) }] },
    queue: { id: 'support', title: 'Support for customers of the former northern region' }, answers: { account_number_as_dialled: '9'.repeat(300), topic: 'Invoice' }, path: [...path(), ...path(), ...path()], timeline: past(30),
  }),
  odd: () => offered({ customer: { id: 'c-4', name: '👩‍👩‍👧 شركة الاتصالات المتقدمة "x" \u202e${jndi} <b>', tags: ['مهم'], addresses: [], notes: [] }, answers: { שם: 'דנה לוי' } }),
  talking: () => ({ card: card({ stage: 'talking', stage_since: ago(133) }) }),
  talking_long: () => ({ card: { ...scenes.huge().card, offer: null, stage: 'talking', stage_since: ago(4133) } }),
  held: () => ({ card: card({ stage: 'talking', stage_since: ago(133), held_since: ago(42), note: 'Invoice 2024-118 was paid twice.' }) }),
  wrap_up: () => ({ card: card({ stage: 'wrap_up', stage_since: ago(15), wrap_up_until: ahead(45), note: 'Invoice 2024-118 was paid twice; refund agreed.' }) }),
  voicemail: () => offered({ id: 'vm-1', work: 'voicemail', arrived_at: ago(3000), waited_s: 2400, voicemail: { seconds: 24, url: '/api/interactions/vm-1/voicemail' } }),
  listening: () => ({ card: card({ id: 'vm-1', work: 'voicemail', stage: 'talking', stage_since: ago(20), arrived_at: ago(3000), waited_s: 2400, voicemail: { seconds: 24, url: '/api/interactions/vm-1/voicemail' } }) }),
  callback: () => offered(back({})),
  callback_again: () => offered({ ...back({ tries: 2, asked_at: ago(4000) }), customer: { id: 'c-2', name: null, tags: [], addresses: ['+447700900123'], notes: [] }, path: [], answers: {}, timeline: [] }),
  dialling: () => ({ card: card({ ...back({ dialling: true }), offer: { id: `offer-${Date.now()}`, expires_at: ahead(12) }, stage_since: ago(8) }) }),
  callback_talking: () => ({ card: card({ ...back({}), stage: 'talking', stage_since: ago(64) }) }),
  not_reached: () => ({ not_reached: notReached({}) }),
  gave_up: () => ({ not_reached: notReached({ tries: 3, again_at: null }) }),
  down: () => ({ parts: { database: { ready: true, detail: '' }, switch: { ready: false, detail: 'no AMI' } } }),
  up: () => ({ parts: { database: { ready: true, detail: '' }, switch: { ready: true, detail: '' } } }),
};

/** A quiet tone as a WAV file of 8 kHz. */
export function beep(seconds) {
  const samples = 8000 * seconds;
  const file = Buffer.alloc(44 + samples * 2);
  file.write('RIFF', 0); file.writeUInt32LE(36 + samples * 2, 4); file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16); file.writeUInt16LE(1, 20); file.writeUInt16LE(1, 22); file.writeUInt32LE(8000, 24);
  file.writeUInt32LE(16000, 28); file.writeUInt16LE(2, 32); file.writeUInt16LE(16, 34); file.write('data', 36); file.writeUInt32LE(samples * 2, 40);
  for (let at = 0; at < samples; at++) file.writeInt16LE(Math.round(2000 * Math.sin(at / 4)), 44 + at * 2);
  return file;
}
