/** Every word of the channels page: the part of the catalogue that only admins load. */

const kinds: Record<string, string> = { webchat: 'Web chat', twilio: 'Text messages', smpp: 'Text messages by SMPP', email: 'Email' };
const promises: Record<string, string> = {
  signature: 'Who is believed',
  deduplication: 'What comes twice',
  receipts: 'Receipts',
  attachments: 'Files',
  opt_out: 'Who wants no more',
  limits: 'Limits',
  reconnect: 'After a cut',
};

export const channelWords = {
  title: 'Channels',
  lead: 'The ways by which people write to you. Channels stand in the channels file; a restart of the service takes up a change, and loses nothing.',
  loading: 'Loading…',
  none: 'No channel is set up: name one in the channels file.',
  notLoaded: 'The channels could not be loaded. What you see may be old.',
  notAllowed: 'This page is for admins.',
  tryAgain: 'Try again',
  kind: (kind: string) => kinds[kind] ?? kind,
  promise: (promise: string) => promises[promise] ?? promise,
  promises: 'What it promises',
  works: 'Works',
  fails: 'The provider takes nothing',
  waiting: (many: number) => `${many} on their way`,
  failed: (many: number) => `${many} not delivered`,
  reached: 'Reached at',
  letters: 'Not delivered',
  lettersLead: 'The latest messages that did not come there. Mend the cause, then send them again.',
  when: 'Written',
  channel: 'Channel',
  to: 'To',
  why: 'Why',
  sendAgain: 'Send again',
  sendOneAgain: (to: string) => `Send the message to ${to} again`,
  sendAllAgain: (channel: string) => `Send all of ${channel} again`,
  sent: (many: number) => (many === 1 ? 'One message is sent again.' : `${many} messages are sent again.`),
  notSent: 'They could not be sent again.',
};
