/** Every word of the page of those who wait: the part of the catalogue that agents never load. */

const work: Record<string, string> = { call: 'Call', callback: 'Callback', voicemail: 'Voicemail' };
const media: Record<string, string> = { voice: 'Call', chat: 'Chat', sms: 'SMS', email: 'Email', social: 'Message', video: 'Video call' };

export const waitingWords = {
  title: 'Waiting',
  lead: 'Give a wait to one agent: it is offered to them as soon as they have room, whatever their queues and skills. Nobody else is asked meanwhile.',
  loading: 'Loading…',
  nobody: 'Nobody waits.',
  notLoaded: 'Who waits could not be loaded. What you see may be old.',
  notAllowed: 'This page is for supervisors and admins.',
  tryAgain: 'Try again',
  someOf: (shown: number, all: number) => `The ${shown} who have waited longest, of ${all}.`,
  waited: 'Waits',
  who: 'Who',
  queue: 'Queue',
  place: 'Place',
  asks: 'Asks for',
  keptFor: 'For',
  kind: (kind: string, medium: string) => (kind === 'call' ? (media[medium] ?? 'Message') : (work[kind] ?? kind)),
  level: (skill: string, level: number) => (level > 1 ? `${skill} from ${level}` : skill),
  everybody: 'Whoever is next',
  byFlow: (name: string) => `${name}, for now by the flow`,
  gone: (id: string) => `${id}, who is not logged in`,
  noTeam: 'Of no team',
  free: (name: string) => `${name} (free)`,
  forWhom: (who: string) => `Agent for ${who}`,
  give: 'Give',
  giveTo: (who: string) => `Give ${who} to the chosen agent`,
  given: (who: string, agent: string) => `${who} waits for ${agent}.`,
  givenBack: (who: string) => `${who} waits for whoever is next.`,
};
