/** The desk: what is on it now, and what its agent can do. The components read it; nothing else holds state of the service. */

import { RingTone } from './audio';
import { ServerClock } from './clock';
import { askMicrophone, keepDevices, keptDevices, microphonePermission, type Chosen, type MicrophoneState } from './devices';
import type { Phone, PhoneView } from './phone';
import { page, type Place } from './page.svelte';
import { holdPhone } from './phone_owner';
import { followRelays } from './relays';
import { isLoggedIn, logOut } from './session';
import { DeskSocket, type News, type Reply } from './socket';
import { answersByItself, callOnTheLine, inOrder, isDialling, ringsPhone, type Card, type PhoneKind, type SipAccount, type State } from './state';
import { plain } from './format';
import { words } from './words';

/** A call that rings without a card is shown as such only after its card had time to come. */
const CARD_MAY_BE_LATE_MS = 1200;
const TICK_MS = 250;

export type PhoneShown = PhoneView['registration'] | 'elsewhere' | 'no_microphone';

class Desk {
  session = $state<'checking' | 'out' | 'in'>('checking');
  sessionEnded = $state(false);
  connection = $state<'connecting' | 'online' | 'lost'>('connecting');
  retryAt = $state<number | null>(null);
  state = $state.raw<State | null>(null);
  phoneView = $state.raw<PhoneView>({ registration: 'off', session: null, microphoneFailed: false });
  phoneElsewhere = $state(false);
  microphone = $state<MicrophoneState>('unknown');
  devices = $state.raw<Chosen>(keptDevices());
  soundBlocked = $state(false);
  keypadOpen = $state(false);
  dialog = $state<'devices' | 'shortcuts' | null>(null);
  menu = $state<'presence' | 'phone' | 'me' | null>(null);
  /** What went wrong with the last thing asked. */
  problem = $state<string | null>(null);
  /** The service's time and the browser's own, in milliseconds, moving. */
  now = $state(Date.now());
  ownNow = $state(Date.now());
  accepting = $state<string | null>(null);
  /** When customers were last told to be writing, by interaction, in the browser's own milliseconds. */
  writes = $state.raw<Record<string, number>>({});
  /** How often the service has said that conversations are others. */
  conversations = $state(0);
  /** What happened without the agent's doing, until they have read it. */
  notice = $state<string | null>(null);
  #chosen = $state<string | null>(null);
  /** The offer that was answered without a hand once: when that failed, it rings for one. */
  #answered = $state<string | null>(null);
  #phone = $state.raw<Phone | null>(null);

  readonly ring = new RingTone();
  #clock = new ServerClock();
  #socket: DeskSocket | null = null;
  #account = '';
  #release: (() => void) | null = null;
  #unfollow: (() => void) | null = null;

  online = $derived(this.connection === 'online');
  me = $derived(this.state?.me ?? null);
  cards = $derived(this.state ? inOrder(this.state) : []);
  line = $derived(this.phoneView.session);
  usesBrowser = $derived(this.me?.phone.kind === 'browser');
  /** Whether this is somebody who looks after flows: only they are told of them. */
  seesFlows = $derived(this.state?.flows !== undefined);
  /** Whether this is somebody who may change the centre. */
  editsCentre = $derived(this.state?.centre_version !== undefined);
  /** Whether this is somebody who may give what waits to one agent. */
  assigns = $derived(this.state?.assigns === true);
  /** Whether calls can come here at all: an admin without queues has no use for a phone. */
  takesCalls = $derived(!this.seesFlows || this.cards.length > 0 || Object.values(this.state?.queues ?? {}).some((queue) => queue.mine));
  /** Whether this is somebody who may look into the conversations of others. */
  helps = $derived(this.state?.watched !== undefined);
  /** The page that is shown: as the address asks, as far as it is one of theirs. */
  place = $derived.by<Place>(() => {
    const first: Place = this.takesCalls ? { name: 'desk' } : { name: 'flows', flow: null };
    const mine = { waiting: this.assigns, conversations: this.helps, flows: this.seesFlows, centre: this.editsCentre, channels: this.editsCentre, desk: this.takesCalls }[page.asked?.name ?? 'desk'];
    return page.asked && mine ? page.asked : first;
  });
  /** The card of the call that the phone rings with or talks on. */
  lineCard = $derived(this.state ? callOnTheLine(this.state) : null);
  /** The service has the call in wrap-up, and the line is still open. */
  lineOverdue = $derived(this.online && this.line?.stage === 'talking' && !this.lineCard && this.cards.some((card) => card.stage === 'wrap_up'));
  /** A call at the phone that the service has told nothing of. */
  plainCall = $derived(
    this.line && !this.lineCard && !this.lineOverdue && (!this.online || this.ownNow - this.line.since > CARD_MAY_BE_LATE_MS) ? this.line : null,
  );
  card = $derived(this.cards.find((card) => card.id === this.#chosen) ?? this.cards[0] ?? null);
  /** The callback whose customer is being called: the agent is on the phone already. */
  dialled = $derived(this.lineCard && this.isDialling(this.lineCard) ? this.lineCard : null);
  /** What is offered and not yet taken. */
  offered = $derived(this.cards.find((card) => card.stage === 'offered' && card.id !== this.dialled?.id) ?? null);
  /** Whether what is offered is answered without a hand, by the phone here or on the agent's desk. */
  answersByItself = $derived(this.offered !== null && answersByItself(this.offered) && this.offered.offer?.id !== this.#answered);
  muted = $derived(this.line?.muted ?? false);
  /** Whether somebody is at the other end of the phone here, to be heard, muted and held. */
  talksOnTheLine = $derived(this.line?.stage === 'talking' && this.dialled === null);
  held = $derived((this.line?.held ?? false) || Boolean(this.lineCard?.held_since));
  /** Whether the phone here can be told to hold: that goes by the switch's websocket. */
  canHold = $derived(this.talksOnTheLine && this.phoneView.registration === 'registered');
  phoneShown = $derived<PhoneShown>(
    this.phoneElsewhere ? 'elsewhere' : ['denied', 'missing', 'insecure'].includes(this.microphone) ? 'no_microphone' : this.phoneView.registration,
  );

  /** Whether calls can reach the agent's phone, wherever it is. */
  phoneWorks = $derived(this.usesBrowser ? ['registered', 'elsewhere'].includes(this.phoneShown) : (this.me?.phone.reachable ?? false));

  async open(): Promise<void> {
    setInterval(() => this.#tick(), TICK_MS);
    for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, () => void this.ring.wake(), { capture: true });
    addEventListener('online', () => this.#socket?.retryNow());
    navigator.mediaDevices?.addEventListener('devicechange', () => {
      if (this.microphone === 'missing') void this.useMicrophone();
    });
    const inside = await isLoggedIn();
    if (inside === false) this.session = 'out';
    else this.enter();
  }

  /** Open the desk of who has just logged in. */
  enter(): void {
    this.session = 'in';
    this.sessionEnded = false;
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    this.#socket = new DeskSocket(
      {
        state: (state) => this.#is(state),
        connection: (connection, retryAt) => this.#connectionIs(connection, retryAt),
        time: (now) => this.#clock.heard(now),
        told: (news) => this.#told(news),
        sessionEnded: () => this.#leave(true),
      },
      () => new WebSocket(`${scheme}://${location.host}/ws`),
    );
    this.#socket.open();
  }

  async leave(): Promise<void> {
    await logOut();
    this.#leave(false);
  }

  choose(id: string): void {
    this.#chosen = id;
  }

  #told(news: News): void {
    if (news.type === 'writing') this.writes = { ...this.writes, [news.id]: Date.now() };
    else if (news.type === 'conversations') this.conversations++;
    else this.notice = words.takenOver(plain(news.by, 60));
  }

  chooseNext(): void {
    const at = this.cards.findIndex((card) => card.id === this.card?.id);
    const next = this.cards[(at + 1) % this.cards.length];
    if (next) this.choose(next.id);
  }

  retryNow(): void {
    this.#socket?.retryNow();
  }

  /** Ask the service for something. A refusal is shown, unless it is asked for quietly. */
  async command(name: string, args: object, { quiet = false } = {}): Promise<Reply> {
    const reply = await (this.#socket?.command(name, args) ?? Promise.resolve<Reply>({ ok: false, error: { code: 'offline', message: '' } }));
    if (!reply.ok && !quiet) {
      const { code, message } = reply.error;
      this.problem = code === 'offline' ? words.notWhileLost : code === 'no_reply' ? words.noReply : words.refused(message);
    }
    return reply;
  }

  async present(presence: 'ready' | 'not_ready', reason?: string): Promise<void> {
    if (presence === 'ready' && this.usesBrowser && this.microphone !== 'granted') await this.useMicrophone();
    await this.command('presence', reason ? { presence, reason } : { presence });
  }

  async usePhone(kind: PhoneKind): Promise<void> {
    await this.command('phone', { kind });
  }

  /** Answer what rings, or accept what is offered otherwise. */
  async answer(): Promise<void> {
    if (this.line?.stage === 'ringing') {
      if (this.lineCard) this.choose(this.lineCard.id);
      return this.#phone?.answer();
    }
    const card = this.offered;
    if (!card?.offer || ringsPhone(card) || !this.online || this.accepting) return;
    this.accepting = card.offer.id;
    const reply = await this.command('accept', { offer: card.offer.id });
    if (reply.ok) this.choose(card.id);
    this.accepting = null;
  }

  /** Answer what rings without the agent's doing, once. */
  answerByItself(): void {
    this.#answered = this.offered?.offer?.id ?? null;
    void this.answer();
  }

  /** Send the offer back: the phone says busy at once, and the service is told as well in case the phone cannot. */
  decline(): void {
    const offer = this.offered?.offer;
    if (this.line && this.line.stage !== 'talking') this.#phone?.decline(offer ? 'busy' : 'never');
    if (offer && this.online) void this.command('decline', { offer: offer.id }, { quiet: this.line !== null });
  }

  mute(): void {
    if (this.line && this.talksOnTheLine) this.#phone?.mute(!this.line.muted);
  }

  /** The flows to which a conversation on this medium can be handed, by name. */
  flowsFor(medium: string): [string, { title: string; media: string[] }][] {
    return Object.entries(this.state?.for_agents ?? {}).filter(([, flow]) => flow.media.includes(medium));
  }

  hold(): void {
    if (this.canHold) this.#phone?.hold(!this.line?.held);
  }

  tone(sign: string): void {
    this.#phone?.dtmf(sign);
  }

  async hangUp(): Promise<void> {
    if (this.line) return this.#phone?.hangUp();
    // Before its customer answers, a callback is an offer that is turned down.
    if (this.dialled?.offer) await this.command('decline', { offer: this.dialled.offer.id });
    else if (this.lineCard) await this.command('hang_up', { interaction: this.lineCard.id });
  }

  levels(): { mine: number; theirs: number } {
    return this.#phone?.levels() ?? { mine: 0, theirs: 0 };
  }

  async useDevices(chosen: Chosen): Promise<void> {
    this.devices = chosen;
    keepDevices(chosen);
    await Promise.all([this.ring.useDevice(chosen.ring), this.#phone?.useDevices(chosen)]);
  }

  /** Ask for the microphone; the phone registers once it is there. */
  async useMicrophone(): Promise<void> {
    const permission = await microphonePermission();
    this.microphone = permission === 'unknown' ? 'asking' : permission;
    if (permission === 'unknown' || permission === 'granted') this.microphone = await askMicrophone(this.devices.microphone);
    this.#registerPhone();
  }

  takePhone(): void {
    this.#ownPhone(true);
  }

  isDialling(card: Card): boolean {
    return isDialling(card, card.id === this.lineCard?.id && this.line?.stage === 'talking');
  }

  /** Return for how many milliseconds what is offered has been so, to this very moment and not to the last tick. */
  offeredFor(): number {
    if (this.offered) return this.#clock.now() - Date.parse(this.offered.stage_since);
    return this.line ? Date.now() - this.line.since : 0;
  }

  /** What tests may look at. */
  phoneStats(): object {
    return { registered: this.phoneView.registration === 'registered', session: this.line?.stage ?? null, held: this.held, muted: this.muted, levels: this.levels() };
  }

  #tick(): void {
    this.now = this.#clock.now();
    this.ownNow = Date.now();
    this.soundBlocked = this.ring.blocked;
  }

  #is(state: State): void {
    this.state = state;
    // Nobody is there: the line is free for what comes next. The card still stands, so that it is the line of this callback.
    if (state.not_reached && state.not_reached.id === this.lineCard?.id && this.line) this.#phone?.hangUp();
    this.now = this.#clock.now();
    if (this.takesCalls) this.#account ||= this.#openPhone(state);
    this.#registerPhone();
  }

  #connectionIs(connection: Desk['connection'], retryAt: number | null): void {
    this.connection = connection;
    this.retryAt = retryAt;
    // A refused websocket does not say why: the session may have ended meanwhile.
    if (connection !== 'online' && retryAt !== null) void isLoggedIn().then((inside) => inside === false && this.#leave(true));
  }

  /** The phone and the microphone are of use only to those whose calls ring in the browser. */
  #openPhone(state: State): string {
    if (state.me.phone.kind !== 'browser') return '';
    void this.ring.wake();
    void import('./phone').then(({ Phone }) => {
      if (this.session !== 'in') return;
      this.#phone = new Phone((view) => {
        this.phoneView = view;
        // What had to wait for the end of a call.
        if (!view.session) queueMicrotask(() => this.#registerPhone());
      });
      this.#unfollow = followRelays((relays) => this.#phone && (this.#phone.relays = relays));
      this.#ownPhone(false);
    });
    void this.useMicrophone();
    return 'opening';
  }

  #ownPhone(take: boolean): void {
    this.#release?.();
    this.phoneElsewhere = true;
    this.#release = holdPhone(take, (ours) => {
      this.phoneElsewhere = !ours;
      this.#registerPhone();
      if (!ours) this.#ownPhone(false);
    });
  }

  /** Register when everything for it is there and not yet done, unregister when something is gone. */
  #registerPhone(): void {
    const phone = this.#phone;
    const sip: SipAccount | undefined = this.state?.me.phone.sip;
    if (!phone || !sip) return;
    const wanted = this.usesBrowser && !this.phoneElsewhere && this.microphone === 'granted' && sip.ha1 ? JSON.stringify(sip) : 'none';
    if (wanted === this.#account) return;
    if (this.line && !this.phoneElsewhere) return;
    this.#account = wanted;
    if (wanted === 'none') phone.stop();
    else phone.start(sip, location.hostname);
  }

  #leave(ended: boolean): void {
    if (this.session === 'out') return;
    this.#socket?.close();
    this.#socket = null;
    this.#unfollow?.();
    this.#phone?.stop();
    this.#phone = null;
    this.#release?.();
    this.#account = '';
    this.ring.stop();
    this.state = null;
    this.#chosen = null;
    this.problem = null;
    this.dialog = this.menu = null;
    this.sessionEnded = ended;
    this.session = 'out';
  }

  /** Whether sound still comes in on a call that the service says is over. */
  async isLineAlive(): Promise<boolean> {
    return (await this.#phone?.isHearing()) ?? false;
  }
}

export const desk = new Desk();
