/** Every word of the centre page: the part of the catalogue that only admins load. */

const sections: Record<string, { title: string; one: string; lead: string }> = {
  queues: { title: 'Queues', one: 'queue', lead: 'Where callers wait. A flow leads to a queue by its key.' },
  agents: { title: 'People', one: 'person', lead: 'Who works here, what they are offered, and what they may do.' },
  hours: { title: 'Hours', one: 'calendar', lead: 'When it is open. A flow asks a calendar by its key.' },
  capacity: { title: 'Capacity', one: 'capacity', lead: 'What an agent takes at once; “usual” holds for everybody who has none of their own.' },
  dispositions: { title: 'Outcomes', one: 'outcome', lead: 'What agents choose in wrap-up, in this order. The code is stored: keep it, and change the title freely.' },
  replies: { title: 'Replies', one: 'reply', lead: 'What agents choose with / instead of writing it, in chats, text messages and mails. They see it filled in, and can change it before it goes.' },
  reasons: { title: 'Reasons', one: 'reason', lead: 'Why agents are not ready, in this order. The code is stored: keep it, and change the title freely.' },
};

/** By section and field, then by field alone. */
const labels: Record<string, string> = {
  'agents.name': 'Name', name: 'Name', region: 'Country', language: 'Language', fallback_queue: 'Queue for messages left with the switch',
  title: 'Title', ring_for: 'Rings for', wrap_up: 'Wrap-up time', music: 'Music', announce_every: 'Announcements every',
  zone: 'Time zone', open: 'Open', closed: 'Closed on', special: 'Days with hours of their own', holidays: 'Public holidays',
  strategy: 'Who is offered a call', ring_at_once: 'Phones that ring at once', more_wrap_up: 'More time adds', back_off: 'Pause after no answer', sticky: 'Kept for the same agent', overflow: 'Goes on to another queue',
  routing: 'Order of callers', point: 'A point of priority is worth', overtaken_at_most: 'Overtaken at most', skills: 'Skills', teams: 'Teams', team: 'Team', capacity: 'Capacity', 'agents.hours': 'Works in these hours', 'queues.hours': 'Served in these hours', rank: 'Rank', after: 'After',
  'replies.text': 'Text', 'replies.subject': 'Subject, for mails', 'replies.media': 'For', 'replies.queues': 'In these queues only',
  code: 'Code', queues: 'Queues', role: 'Role', whisper: 'Whispered to the agent', auto_answer: 'Calls are answered by themselves',
};

const helps: Record<string, string> = {
  region: 'Two letters. National numbers are read and shown as this country’s.',
  'centre.language': 'What callers are spoken to in, unless a flow says otherwise: en-GB, es …',
  fallback_queue: 'Messages that callers leave while the service is away become voicemails there; in the first queue if left out.',
  ring_for: 'How long a phone rings before the caller is offered to somebody else.',
  wrap_up: 'The time for outcome and note after each call; agents can add to it.',
  music: 'What callers hear while they wait: default or calm.',
  announce_every: 'How often callers hear where they stand, unless the flow says otherwise.',
  zone: 'Of the clock on the wall there, such as Europe/London.',
  open: 'Days such as mon-fri or sat,sun, and openings such as 09:00-17:30.',
  closed: 'One a line: 2026-12-24, 12-25 for every year, 2026-12-24..2027-01-02.',
  special: 'A day, and its openings instead of the usual ones.',
  holidays: 'One a line: a country or one of its parts, such as GB-ENG.',
  role: 'Supervisors see flows and every voicemail; admins also change the centre.',
  'replies.title': 'Agents find it by this and by its text.',
  'replies.text': 'Values stand in braces: {customer.name}, {agent.name}, {queue}, {centre}, and what the flow learned, such as {answers.order_no}. {default(customer.name, "there")} says what stands there when it is not known.',
  'replies.subject': 'One line, with values as in the text. Without one, a mail answers under the subject that it has.',
  'replies.queues': 'None chosen: in all of them.',
  'agents.queues': 'Calls of these queues are offered to them.',
};

const choices: Record<string, string> = { 'media.chat': 'Chats', 'media.sms': 'Text messages', 'media.email': 'Mails', 'role.agent': 'Agent', 'role.supervisor': 'Supervisor', 'role.admin': 'Admin' };

const keys: Record<string, string> = {
  agents: 'Log-in name', queues: 'Key', hours: 'Key',
};
const keyHelps: Record<string, string> = {
  agents: 'Lower-case letters, digits, dot and underscore. It cannot be changed later. Their password: “trunkline agent password NAME”.',
};

const sources: Record<string, string> = { file: 'the centre file', cli: 'the command line', page: 'this page' };

const human = (name: string) => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll('_', ' ');
const a = (one: string) => `${/^[aeiou]/.test(one) ? 'an' : 'a'} ${one}`;
const many = (count: number, one: string, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

export const centreWords = {
  centre: 'Centre',
  loading: 'Loading…',
  notLoaded: 'The service did not answer. What you see may be old; your changes are kept here.',
  notAllowed: 'The centre is changed by admins only.',
  tryAgain: 'Try again',
  fileFault: 'The centre file on disk is wrong, so what was in force before goes on:',

  // Parts of the page
  general: 'General',
  generalLead: 'What holds for the whole centre.',
  history: 'History',
  historyLead: 'Every version that was in force: who changed what, when and why.',
  asText: 'As text',
  asTextLead: 'The whole centre as YAML, with its comments. Forms and text change the same thing.',
  textWaits: 'Apply or discard what you changed in the forms first.',
  section: (name: string) => sections[name]?.title ?? human(name),
  sectionLead: (name: string) => sections[name]?.lead ?? '',
  one: (name: string) => sections[name]?.one ?? human(name).toLowerCase().replace(/ies$/, 'y').replace(/s$/, ''),
  label: (section: string, field: string) => labels[`${section}.${field}`] ?? labels[field] ?? human(field),
  help: (section: string, field: string) => helps[`${section}.${field}`] ?? helps[field] ?? '',
  choice: (field: string, choice: string) => choices[`${field}.${choice}`] ?? human(choice),

  // Entries
  find: (one: string) => `Find ${a(one)}`,
  add: (one: string) => `Add ${a(one)}`,
  newOne: (one: string) => `New ${one}`,
  key: (section: string) => keys[section] ?? 'Key',
  keyHelp: (section: string) => keyHelps[section] ?? 'Letters, digits, - and _. Flows and history name it by this: it cannot be changed later.',
  keyMissing: 'Give it a key first.',
  keyTaken: 'There is one with this key already.',
  create: 'Add',
  cancel: 'Cancel',
  remove: 'Remove',
  removeOne: (what: string) => `Remove ${what}`,
  putBack: 'Put back',
  removed: 'Will be removed',
  fresh: 'New',
  changed: 'Changed',
  up: (what: string) => `Move ${what} up`,
  down: (what: string) => `Move ${what} down`,
  choose: (what: string) => `Choose ${a(what)} on the left, or add one.`,
  empty: (what: string) => `There is no ${what} yet.`,
  noneFound: 'None of them matches.',
  gone: (key: string) => `There is no “${key}” (any more).`,

  // Fields
  optional: 'optional',
  usual: (value: string) => `${value} if left out`,
  notSet: (value: string) => (value ? `Usual (${value})` : 'None'),
  units: { s: 'seconds', m: 'minutes', h: 'hours' } as Record<string, string>,
  days: 'days',
  unitOf: (label: string) => `${label}: unit`,
  addLine: 'Add a line',
  removeLine: (what: string) => `Remove the line ${what}`,
  mapKey: (label: string) => `${label}: key`,
  mapValue: (label: string, key: string) => `${label}: ${key || 'value'}`,
  eachByItself: 'Set rank and time for each',
  mainLanguage: 'en-GB',
  addLanguage: 'Another language',
  languageOf: (label: string) => `${label}: language`,
  languagePlace: 'es, fr-CH …',
  inText: 'This is edited in the text.',
  on: 'On',

  // What it will do
  plan: 'What this will do',
  planning: 'Looking what this would change…',
  changes: (count: number) => many(count, 'change'),
  mistakes: (count: number) => many(count, 'mistake'),
  warnings: (count: number) => many(count, 'thing to know', 'things to know'),
  onlyLayout: 'Only comments or layout change.',
  nothing: 'This changes nothing.',
  why: 'Why',
  messagePlace: 'Why? It stands in the history.',
  apply: 'Apply',
  applying: 'Applying…',
  discard: 'Discard',
  applied: (version: number) => `Version ${version} is in force.`,
  sign: { added: '+', removed: '−', changed: '~', moved: '~' } as Record<string, string>,
  signWord: { added: 'Added', removed: 'Removed', changed: 'Changed', moved: 'Moved' } as Record<string, string>,
  place: (line: number, column: number) => `Line ${line}, column ${column}`,
  cure: (hint: string) => `What to do: ${hint}`,
  cannot: (message: string) => `That cannot be done: ${message}`,

  // Somebody else
  overtaken: (who: string, version: number) => `${who} applied version ${version} meanwhile, so nothing was applied. It changed:`,
  keepMine: 'Go on with my changes upon it',
  dropMine: 'Drop my changes',

  // History
  inForce: 'In force',
  by: (who: string, source: string) => `${who}, by ${sources[source] ?? source}`,
  byFile: 'The centre file was saved',
  first: 'The first version.',
  noChanges: 'Only comments or layout.',
  back: 'Go back to this',
  backTo: (number: number) => `Going back to version ${number}`,
  showText: 'Show its text',
  hideText: 'Hide its text',
  older: 'Show older ones',
  text: 'The centre as YAML',
  textOf: (number: number) => `The text of version ${number}`,
};
