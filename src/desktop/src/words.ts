/** Every word the desktop says, in one place. */
import type { Routed } from './state';

const reasons: Record<string, string> = {
  no_answer: 'No answer',
  declined: 'Declined',
  phone_unreachable: 'Phone not reachable',
  logged_in: 'Not ready',
  connection_lost: 'Connection lost',
};

const outcomes: Record<string, string> = {
  handled: 'Handled',
  abandoned: 'Hung up while waiting',
  ended_in_flow: 'Ended in the menu',
  voicemail: 'Left a voicemail',
  fallback: 'Served by the fallback',
  transferred: 'Put through',
  callback_planned: 'Callback planned',
  not_reached: 'Not reached',
};

const media: Record<string, string> = { voice: 'Call', voicemail: 'Voicemail', chat: 'Chat', sms: 'Text message', email: 'Email' };

const offers = { call: 'Incoming call', callback: 'Callback', browser: 'Call from a chat', voicemail: 'Voicemail to work on' };

const strategies: Record<string, string> = {
  longest_idle: 'Longest idle',
  ring_all: 'Longest idle',
  most_skilled: 'Most skilled',
  least_occupied: 'Least occupied',
  round_robin: 'Next in turn',
};

const parts: Record<string, string> = {
  database: 'database',
  switch: 'telephone switch',
  flows: 'call flows',
  reconciled: 'live calls',
  centre: 'centre file',
};

const numbers: Record<number, string> = { 1: 'one', 2: 'two', 3: 'three', 4: 'four', 5: 'five' };

const tones: Record<string, string> = { '*': 'Star', '#': 'Hash' };

export const words = {
  product: 'Trunkline',
  loading: 'Opening your desk…',
  pageLoading: 'Opening…',
  pageMissing: 'This page could not be loaded: the service was changed or is away. Reload it.',

  // Logging in
  logIn: 'Log in',
  loggingIn: 'Logging in…',
  logOut: 'Log out',
  name: 'Name',
  password: 'Password',
  logInLead: 'Log in to take calls.',
  logInWrong: 'This name and password do not go together. Check both and try again.',
  logInTooOften: (seconds: number) => `Too many attempts. Try again in ${seconds} s.`,
  logInUnreachable: 'The service does not answer. Check your network, then try again.',
  logInMissing: 'Fill in your name and your password.',
  sessionEnded: 'Your session has ended. Log in again.',

  // Presence
  presence: (word: string) => `Presence: ${word}`,
  presenceMenu: 'What you are doing',
  ready: 'Ready',
  notReady: 'Not ready',
  offline: 'Offline',
  readyLong: 'Calls come to you',
  notReadyLong: 'No calls come to you',
  reason: (code: string, known: { code: string; title: string }[]) =>
    known.find((one) => one.code === code)?.title ?? reasons[code] ?? 'Not ready',
  busyOffer: 'ringing',
  busyDialling: 'calling back',
  busyTalk: 'in a call',
  busyVoicemail: 'voicemail',
  busyWrapUp: 'wrapping up',
  setAside: {
    no_answer: 'A call rang here and nobody answered; it went back to its place in the queue. No more calls come until you are ready.',
    declined: 'You declined a call; it went back to its place in the queue. No more calls come until you are ready.',
    connection_lost: 'Your desk was away for a while, so no calls come to you. Make yourself ready when you are back.',
    phone_unreachable: 'Your phone could not be reached, so no calls come to you. Once it says “Phone ready”, make yourself ready.',
  } as Record<string, string>,
  backSoon: (left: string) => `A call rang here and nobody answered; it went back to its place in the queue. You are ready again in ${left}.`,
  makeReady: 'I am ready',

  // Queues
  queues: 'Queues',
  waiting: 'waiting',
  longest: 'longest',
  queueStrip: (title: string, waiting: number, ready: number) => `${title}: ${waiting} waiting, ${ready} ready`,
  otherQueues: (many: number) => `+${many} more`,

  // Connection
  connected: 'Online',
  connecting: 'Connecting…',
  lost: 'Offline',
  lostBar: 'The connection to the service is lost. It is being restored; a call you are in goes on.',
  lostBarIdle: 'The connection to the service is lost. It is being restored; until then no calls come to you.',
  lostBarReading: 'The connection to the service is lost. It is being restored; until then nothing here moves.',
  tryNow: 'Try now',
  nextTry: (seconds: number) => `Next try in ${seconds} s`,
  notWhileLost: 'Not possible while the connection is lost',
  partDown: (names: string[]) => `A part of the service is away: ${names.map((name) => parts[name] ?? name).join(', ')}. It is being restored; calls that are under way go on.`,

  // The phone
  phone: 'Phone',
  phoneMenu: 'Your phone',
  phoneReady: 'Phone ready',
  phoneConnecting: 'Phone connecting…',
  phoneLost: 'Phone cut off',
  phoneRefused: 'Phone refused',
  phoneElsewhere: 'Phone in another tab',
  phoneNoMicrophone: 'No microphone',
  phoneDeskReady: 'SIP phone ready',
  phoneDeskAway: 'SIP phone not registered',
  phoneBrowser: 'This browser',
  phoneBrowserLong: 'Talk with a headset on this computer',
  phoneSip: 'A SIP phone',
  phoneSipLong: 'A desk phone or a softphone program',
  sipUser: 'User',
  sipServer: 'Server',
  sipPassword: (name: string) => `The password is printed by “trunkline agent phone ${name}”.`,
  devices: 'Sound devices',
  takePhone: 'Use the phone in this tab',
  elsewhereBar: 'Your phone works in another tab of this browser. Calls ring there.',
  refusedBar: 'The telephone switch refuses the phone of this browser. Log out and in again; if it stays so, tell your administrator.',
  soundBlocked: 'Your browser keeps this page silent until you click in it or press a key.',

  // Microphone
  microphoneAsk: 'Your browser is asking for the microphone. Choose “Allow”: callers hear you through it, and no call comes here without it.',
  microphoneDenied: 'The microphone is blocked for this page. Allow it in the address bar (the sign left of the address), then try again.',
  microphoneMissing: 'No microphone was found. Plug in a headset, then try again.',
  microphoneInsecure: 'Browsers give no microphone to pages without encryption. Open this page by https or by localhost, or use a SIP phone.',
  tryAgain: 'Try again',

  // Devices
  devicesLead: 'Choose what you speak into, hear with, and where calls ring.',
  microphone: 'Microphone',
  speaker: 'Speaker',
  ringOn: 'Ring on',
  systemDefault: 'System default',
  unnamedDevice: (many: number) => `Device ${many}`,
  testRing: 'Ring once',
  speakerFixed: 'This browser always plays through the system default.',
  notify: 'Show a notification when a call comes while this page is hidden',
  notifyBlocked: 'Notifications are blocked for this page in your browser.',
  speakToTest: 'Speak: the bar moves when your microphone works.',
  close: 'Close',

  // My work
  myWork: 'My work',
  offered: 'Ringing',
  inHand: 'In hand',
  workEmpty: 'Calls, callbacks and voicemails you are offered appear here.',
  call: 'Call',
  voicemail: 'Voicemail',
  medium: (code: string) => media[code] ?? code,

  // Offers
  offerOf: (work: keyof typeof offers) => offers[work],
  enterKey: 'Enter',
  answer: 'Answer',
  answerOnPhone: 'Answer on your phone',
  answering: 'Answering…',
  answersByItself: 'It answers by itself.',
  answersByItselfOnPhone: 'Your phone answers by itself.',
  accept: 'Accept',
  decline: 'Decline',
  callBack: 'Call back',
  callBackLong: 'First you are on the line, then their phone rings.',
  fromChatLong: 'They talk by their browser, and what they wrote comes with them.',
  declineLong: 'It goes back to its place in the queue, and you become not ready.',
  phoneNotHere: 'Waiting for your phone to ring…',
  phoneNotHereLost: 'Your phone is cut off; the call goes to somebody else if it does not come back.',
  waited: 'Waited',
  asked: 'Asked',
  askedAgo: (time: string) => `${time} ago`,
  triedBefore: 'Tried before',
  times: (many: number) => ({ 1: 'Once', 2: 'Twice' })[many] ?? `${many} times`,
  queue: 'Queue',
  dialled: 'Dialled',
  channel: 'Channel',
  number: 'Number',
  answerWithin: (time: string) => `Answer within ${time}`,
  anonymous: 'Number withheld',
  unknownNumber: 'Unknown number',
  plainCall: 'Call (service is away)',
  plainCallLong: 'The service is away, so nothing is known of this call. Talk as usual; what you need to keep, write down by hand.',
  plainCallEarly: 'Call',
  plainCallEarlyLong: 'Nothing is known of this call yet.',

  // The call
  talking: 'Talking',
  held: 'On hold',
  muted: 'Muted',
  ringing: 'Ringing',
  callback: 'Callback',
  wrapUp: 'Wrap-up',
  listening: 'Voicemail',
  mute: 'Mute',
  unmute: 'Unmute',
  hold: 'Hold',
  resume: 'Resume',
  keypad: 'Keypad',
  toFlow: 'To a flow',
  toFlowLong: 'Let a flow go on with the caller',
  thenBack: 'then back to me',
  thenDone: 'then it is done',
  hangUp: 'Hang up',
  speakingMuted: 'The caller does not hear you.',
  heldLong: 'The caller hears music.',
  talkedFor: (time: string) => `${time} in all`,
  you: 'You',
  caller: 'Caller',
  onYourPhone: 'Mute and hold are on your phone.',
  lineElsewhere: 'The service has this call as talking, but its sound is not in this tab. If you reloaded the page, the line was closed; finish with “Hang up”.',
  lineStillOpen: 'The service says this call is over, but the line is still open.',
  tone: (sign: string) => tones[sign] ?? sign,
  tonesSent: 'Tones sent',
  microphoneLost: 'Your microphone stopped. Plug it in again, or choose another under “Sound devices”.',
  controls: 'Call controls',
  callFailed: 'The call could not be answered here: the microphone did not open.',

  // Why it came to this agent
  routed: ({ by, strategy, able, at_most, asked, preferred, relaxed }: Routed) => {
    const many = able < at_most ? `${able}` : `${able} or more`;
    const skills = asked.map(({ title, level }) => `${title} ${level}`).join(', ');
    const first = {
      kept: 'Kept for you',
      beside: 'Rings at several agents: who answers first has it',
      only: 'You were the only able agent who was free',
      rank: `First in rank of ${many} able agents`,
      skill: `${preferred.length ? `Strongest in ${preferred.join(', ')}` : 'Most skilled'} of ${many} able agents`,
      strategy: `${strategies[strategy] ?? 'First'} of ${many} able agents`,
    }[by];
    return first + (skills ? `; asked for ${skills}${relaxed ? ', less than at first' : ''}` : relaxed ? '; no skill is asked any more' : '');
  },

  // A callback, until its customer answers
  calling: 'Calling…',
  joining: 'Connecting…',
  joiningLong: 'Their browser answers by itself.',
  callingLong: 'You hear each other as soon as they answer.',
  callingBack: (who: string) => `Calling ${who}`,
  endCalling: 'They keep their place in the queue, and you become not ready.',
  notReached: (who: string, next: string) => `${who}: not reached, we try again at ${next}.`,
  gaveUp: (who: string, tries: number) => `${who}: not reached, given up after ${numbers[tries] ?? tries} tries.`,

  // Wrap-up
  outcome: 'Outcome',
  note: 'Note',
  notePlace: 'What was it about, what was agreed?',
  noteKept: 'Kept',
  noteKeeping: 'Keeping…',
  noteWaits: 'Kept here until the connection is back',
  timeLeft: 'Time left',
  timeUp: 'Time is up',
  moreTime: 'More time',
  saveAndFinish: 'Save and finish',
  saving: 'Saving…',
  chooseOutcome: 'Choose an outcome first.',
  timeUpChosen: 'When the time is up, this outcome and the note are saved.',
  timeUpOpen: 'When the time is up, the note is saved without an outcome.',

  // Voicemail
  voicemailFrom: 'Left a message',
  play: 'Play',
  pause: 'Pause',
  position: 'Position',
  speed: 'Speed',
  voicemailMissing: 'The recording could not be loaded. Try again; if it stays so, tell your administrator.',

  // The customer
  customer: 'Customer',
  customerEmpty: 'Who contacts you, why, and what was before: it appears here with each call.',
  newCustomer: 'First contact',
  addresses: 'Addresses',
  copy: (number: string) => `Copy ${number}`,
  why: 'Why they contact us',
  whyEmpty: 'They went through no menu.',
  path: 'Path',
  answers: 'Answers',
  history: 'Earlier contacts',
  historyEmpty: 'None so far.',
  notes: 'Notes',
  outcomeOf: (code: string) => outcomes[code] ?? code,
  talkedTime: (time: string) => `talked ${time}`,
  showAll: (many: number) => `Show all ${many}`,

  // Nothing in hand
  emptyReady: 'You are ready',
  emptyReadyLong: 'The next call rings here, with who it is and why they call.',
  emptyNoPhone: 'Your phone is not connected',
  emptyNoPhoneLong: 'It is being connected again; until then no call can come to you.',
  emptyNoSipPhoneLong: 'Switch it on, or choose “This browser” in the phone menu above; until then no call can come to you.',
  emptyNotReady: 'You are not ready',
  emptyNotReadyLong: 'No calls come to you. Make yourself ready to take the next one.',
  emptyOffline: 'Your desk is not connected',
  emptyOfflineLong: 'Calls appear here once the connection is back.',
  today: 'Your day',
  handled: 'Handled',
  talkTime: 'Talk time',
  averageTalk: 'Average talk',
  longestTalk: 'Longest talk',
  wrapTime: 'Wrap-up time',
  missed: 'Missed',

  // Keys
  shortcuts: 'Keyboard',
  shortcutsLead: 'Single letters work when you are not typing. With Alt they work in the note too.',
  keys: {
    answer: 'Answer the call, call back, or accept the voicemail',
    decline: 'Decline',
    mute: 'Mute or unmute',
    hold: 'Hold or resume',
    keypad: 'Open or close the keypad; then digits, * and #',
    hang_up: 'Hang up',
    save: 'Save and finish the wrap-up',
    disposition: 'Choose the outcome',
    note: 'Go to the note',
    reply: 'Choose a reply, at the beginning or behind a space',
    gap: 'To the next value that is missing',
    looks: 'In a mail with looks: bold, italic, a link',
    next: 'Next in my work',
    presence: 'Open the presence menu',
    ready: 'Ready; when you are, choose why not',
    phone: 'Open the phone menu',
    help: 'Show this list',
    flows: 'To the flows, and back to the desk',
    centre: 'To the centre, and back to the desk',
    step: 'In the drawing: the step before, the next step',
    zoom: 'In the drawing: larger, smaller, whole',
  },
  groupCall: 'In a call',
  groupWrapUp: 'Wrap-up',
  groupWriting: 'Writing',
  groupDesk: 'The desk',
  groupFlows: 'Flows',
  groupCentre: 'Centre',

  // Pages
  pages: 'Pages',
  deskPage: 'Desk',
  waitingPage: 'Waiting',
  conversationsPage: 'Conversations',
  takenOver: (name: string) => `${name} has taken over a conversation of yours, and goes on with it.`,
  channelsPage: 'Channels',
  flowsPage: 'Flows',
  centrePage: 'Centre',

  // Me
  me: (name: string) => `${name}: your menu`,
  theme: 'Appearance',
  themes: { auto: 'As the system', light: 'Light', dark: 'Dark' },
  resize: 'Width of this column',

  // Things that went wrong
  refused: (message: string) => `That was not done: ${message}`,
  noReply: 'The service has not confirmed that. Look at the screen before you press again.',
  dismiss: 'Dismiss',

  // Outside the page
  titleOffer: (who: string) => `☎ ${who} · Trunkline`,
  titleTalking: (who: string) => `${who} · Trunkline`,
  notification: (who: string, queue: string) => (queue ? `${who} · ${queue}` : who),

  // Spoken by screen readers
  sayOffer: (what: string, who: string, queue: string) => `${what}: ${who}${queue ? `, ${queue}` : ''}. Enter answers, Escape declines.`,

  // Time
  todayAt: (hour: string) => hour,
  yesterdayAt: (hour: string) => `Yesterday, ${hour}`,
};
