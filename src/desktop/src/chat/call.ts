/** Talking instead of writing: the visitor's call by this browser, from the wish to the end. */

import { askMicrophone, type MicrophoneState } from '../devices';
import type { Phone, PhoneView } from '../phone';
import type { SipAccount } from '../state';

const LATER_MS = 3000;

export type CallStage = 'asked' | 'waits' | 'talks' | 'over' | 'not_reached' | 'write_first' | 'too_many' | 'not_here' | 'later';

/** Where this browser registers, and by which relays it is heard where it can send no UDP. */
export interface VisitorAccount extends SipAccount {
  relays?: RTCIceServer[];
}

/** What the service says of the call; the account is where this browser registers while the call waits. */
export interface CallTold {
  stage: CallStage;
  account: VisitorAccount | null;
}

export type NoCall = Exclude<MicrophoneState, 'unknown' | 'asking' | 'granted'> | 'not_reached' | 'write_first' | 'too_many' | 'not_here' | 'broken';

/** Loads the telephone, which most visitors never need. */
export type LoadPhone = () => Promise<(onChange: (view: PhoneView) => void) => Pick<Phone, 'start' | 'stop' | 'answer' | 'mute' | 'hangUp' | 'decline' | 'relays'>>;

/** Remembers for this tab, over a reload too, that the call is its own. */
export interface Mine {
  read(): boolean;
  write(mine: boolean): void;
}

export class VisitorCall {
  state: 'idle' | 'permitting' | 'asked' | 'waiting' | 'ringing' | 'connecting' | 'talking' = 'idle';
  /** Why there is no call, after the last wish for one. */
  problem: NoCall | null = null;
  muted = false;
  /** When they began to talk, by this browser's clock. */
  since = 0;
  changed: () => void = () => {};

  #phone: ReturnType<Awaited<ReturnType<LoadPhone>>> | null = null;
  #user = '';

  constructor(
    private readonly tell: (frame: { type: 'call' | 'hang_up' }) => void,
    private readonly load: LoadPhone,
    private readonly mine: Mine,
    /** The switch, as this browser reaches it. */
    private readonly host: string,
    private readonly permit: () => Promise<MicrophoneState> = () => askMicrophone(''),
    private readonly ding: () => void = () => {},
    /** Whether they have touched this page: browsers let no other page be heard, and nobody would know that somebody is there. */
    private readonly touched: () => boolean = () => navigator.userActivation?.hasBeenActive ?? true,
  ) {}

  /** Ask for the microphone, and then for somebody to talk to. The microphone is closed until they are there. */
  async begin(): Promise<void> {
    if (this.state !== 'idle') return;
    this.#show('permitting', null);
    const microphone = await this.permit();
    if (!this.#is('permitting')) return; // they thought better of it
    if (microphone === 'denied' || microphone === 'missing' || microphone === 'insecure') return this.#end(microphone);
    this.mine.write(true);
    this.#show('asked');
    this.tell({ type: 'call' });
  }

  /** Answer what rings; it does so by itself where they have touched the page. */
  answer(): void {
    if (this.state !== 'waiting' && this.state !== 'ringing') return;
    this.#show('connecting');
    void this.#phone?.answer();
  }

  /** Hang up, or give the place up. */
  hangUp(): void {
    if (this.state === 'idle') return;
    if (this.state !== 'talking') this.tell({ type: 'hang_up' });
    this.#end(null);
  }

  mute(muted: boolean): void {
    this.muted = muted;
    this.#phone?.mute(muted);
    this.changed();
  }

  /** The page goes: the line ends, the place is kept for who comes back soon. */
  leave(): void {
    this.#phone?.stop();
    this.#phone = null;
    this.#user = '';
    if (this.state !== 'idle') this.#show(this.mine.read() && this.state !== 'talking' ? 'asked' : 'idle');
  }

  /** The service says how it stands; null: that there is none, as a page comes (back). */
  hear(told: CallTold | null): void {
    if (!this.mine.read()) return;
    switch (told?.stage) {
      case undefined:
        if (this.state === 'asked') this.tell({ type: 'call' });
        // Who talks is told by the line when that is over, whatever a service that has just started knows.
        else if (!this.#isOnTheLine()) this.#end(null);
        return;
      case 'asked':
        this.#show('asked', null);
        return;
      case 'waits':
        if (told?.account) void this.#register(told.account);
        return;
      case 'talks':
        // A page that is here anew has no line to talk by.
        if (!this.#phone) this.#end(null);
        return;
      case 'later':
        setTimeout(() => this.state === 'asked' && this.tell({ type: 'call' }), LATER_MS);
        return;
      case 'over':
        this.#end(null);
        return;
      default:
        this.#end(told?.stage ?? null);
    }
  }

  async #register(account: VisitorAccount): Promise<void> {
    if (this.#user === account.user) return;
    this.#user = account.user;
    this.#show('waiting', null);
    try {
      const make = await this.load();
      if (this.#user !== account.user) return;
      this.#phone?.stop();
      this.#phone = make((view) => this.#moved(view));
      this.#phone.relays = account.relays ?? [];
      this.#phone.start(account, this.host);
    } catch {
      this.tell({ type: 'hang_up' });
      this.#end('broken');
    }
  }

  #moved(view: PhoneView): void {
    const line = view.session;
    if (view.microphoneFailed && line && line.stage !== 'talking') {
      this.#phone?.decline('never');
      this.#end('denied');
    } else if (line?.stage === 'ringing' && this.state === 'waiting') {
      if (!this.touched()) return this.#show('ringing');
      this.ding();
      this.answer();
    } else if (line?.stage === 'talking' && this.state === 'connecting') {
      this.since = Date.now();
      this.#show('talking');
    } else if (!line && this.state === 'talking') this.#end(null);
    else if (!line && this.state === 'ringing') this.#show('waiting'); // the service says what came of it
  }

  #end(problem: NoCall | null): void {
    const phone = this.#phone;
    this.#phone = null;
    this.#user = '';
    this.muted = false;
    this.mine.write(false);
    phone?.stop();
    this.#show('idle', problem);
  }

  #isOnTheLine(): boolean {
    return this.state === 'ringing' || this.state === 'connecting' || this.state === 'talking';
  }

  #is(state: VisitorCall['state']): boolean {
    return this.state === state;
  }

  #show(state: VisitorCall['state'], problem: NoCall | null = this.problem): void {
    this.state = state;
    this.problem = problem;
    this.changed();
  }
}
