/** The browser's telephone: one SIP account at the switch over a websocket, one session at a time. The only file that knows JsSIP. */

import * as JsSIP from 'jssip';
import type { IncomingRTCSessionEvent, OutgoingRTCSessionEvent } from 'jssip/lib/UA';
import type { RTCSession } from 'jssip/lib/RTCSession';

import { LevelMeter } from './audio';
import { keptDevices, openMicrophone, type Chosen } from './devices';
import type { SipAccount } from './state';

const ICE_AT_MOST_MS = 500;
const ICE_AFTER_FIRST_MS = 50;
/** A relay is asked over the network, by TLS perhaps; who has one waits for it, or it would be no help. */
const ICE_RELAY_AT_MOST_MS = 1000;
const REGISTER_AGAIN_MS = 4000;
const BUSY_HERE = 486;
const DECLINE = 603;

export interface Session {
  /** What the INVITE says of the caller. */
  name: string;
  number: string;
  stage: 'ringing' | 'answering' | 'talking';
  since: number;
  muted: boolean;
  held: boolean;
}

export interface PhoneView {
  registration: 'off' | 'connecting' | 'registered' | 'refused' | 'cut';
  session: Session | null;
  /** The last call failed for want of a microphone, or the microphone stopped in this one. */
  microphoneFailed: boolean;
}

export const NO_PHONE: PhoneView = { registration: 'off', session: null, microphoneFailed: false };

export class Phone {
  /** By which relays this browser is heard where it can send no UDP. */
  relays: RTCIceServer[] = [];
  #view = NO_PHONE;
  #ua: JsSIP.UA | null = null;
  #line: RTCSession | null = null;
  #microphone: Promise<MediaStream> | null = null;
  #speaker = new Audio();
  #mine: LevelMeter | null = null;
  #theirs: LevelMeter | null = null;
  #chosen: Chosen = keptDevices();
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly onChange: (view: PhoneView) => void) {
    this.#speaker.autoplay = true;
  }

  /** Register; the websocket and the registration are restored by themselves after a cut. */
  start(account: SipAccount, host: string): void {
    this.stop();
    const socket = new JsSIP.WebSocketInterface(`${account.secure ? 'wss' : 'ws'}://${host}:${account.ws_port}/ws`);
    const ua = new JsSIP.UA({
      sockets: [socket],
      uri: account.uri,
      authorization_user: account.user,
      realm: account.realm,
      ha1: account.ha1 ?? '',
      register_expires: 60,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 8,
      user_agent: 'Trunkline desktop',
    });
    this.#ua = ua;
    const is = (registration: PhoneView['registration']) => ua === this.#ua && this.#show({ registration });
    ua.on('connecting', () => is(this.#view.registration === 'off' ? 'connecting' : 'cut'));
    ua.on('disconnected', () => is('cut'));
    ua.on('registered', () => is('registered'));
    ua.on('unregistered', () => is(ua.isConnected() ? 'connecting' : 'cut'));
    ua.on('registrationFailed', ({ response }) => {
      is(response ? 'refused' : 'cut');
      clearTimeout(this.#again);
      this.#again = setTimeout(() => ua === this.#ua && ua.isConnected() && ua.register(), REGISTER_AGAIN_MS);
    });
    ua.on('newRTCSession', (event: IncomingRTCSessionEvent | OutgoingRTCSessionEvent) => this.#rings(event.session));
    this.#show({ registration: 'connecting' });
    ua.start();
  }

  /** Hang up, unregister and let go. */
  stop(): void {
    clearTimeout(this.#again);
    const ua = this.#ua;
    this.#ua = null;
    this.hangUp();
    ua?.stop();
    this.#show({ registration: 'off' });
  }

  async answer(): Promise<void> {
    const line = this.#line;
    if (!line || this.#view.session?.stage !== 'ringing') return;
    this.#session({ stage: 'answering' });
    try {
      const mediaStream = await (this.#microphone ?? this.#openMicrophone());
      if (line !== this.#line) return;
      line.answer({ mediaStream, pcConfig: { iceServers: this.relays } });
      this.#mine = new LevelMeter(mediaStream);
    } catch {
      this.#microphone = null;
      this.#show({ microphoneFailed: true });
      if (line === this.#line) this.#session({ stage: 'ringing' });
    }
  }

  /** Send it away: `busy` puts it to somebody else, `never` refuses it for good. */
  decline(how: 'busy' | 'never' = 'busy'): void {
    this.#line?.terminate({ status_code: how === 'busy' ? BUSY_HERE : DECLINE });
  }

  mute(muted: boolean): void {
    if (muted) this.#line?.mute({ audio: true });
    else this.#line?.unmute({ audio: true });
  }

  /** The switch plays music to the caller while held. */
  hold(held: boolean): void {
    if (held) this.#line?.hold();
    else this.#line?.unhold();
  }

  /** Send one tone as RFC 4733 events. */
  dtmf(tone: string): void {
    this.#line?.sendDTMF(tone, { transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833, duration: 120 });
  }

  hangUp(): void {
    if (this.#line && !this.#line.isEnded()) this.#line.terminate();
  }

  levels(): { mine: number; theirs: number } {
    return { mine: this.#mine?.level() ?? 0, theirs: this.#theirs?.level() ?? 0 };
  }

  /** Whether sound has come from the switch within the last second. */
  async isHearing(): Promise<boolean> {
    const before = await this.#packetsHeard();
    await new Promise((done) => setTimeout(done, 1000));
    return (await this.#packetsHeard()) > before;
  }

  /** Take other devices, in the middle of a call too. */
  async useDevices(chosen: Chosen): Promise<void> {
    const otherMicrophone = chosen.microphone !== this.#chosen.microphone;
    this.#chosen = chosen;
    await this.#playToSpeaker();
    if (!otherMicrophone || !this.#microphone) return;
    const before = await this.#microphone.catch(() => null);
    const stream = await this.#openMicrophone();
    const track = stream.getAudioTracks()[0];
    const sender = this.#line?.connection?.getSenders().find((one) => one.track?.kind === 'audio');
    if (track && sender) {
      track.enabled = !(this.#view.session?.muted ?? false);
      await sender.replaceTrack(track);
      this.#mine?.close();
      this.#mine = new LevelMeter(stream);
    }
    for (const old of before?.getTracks() ?? []) old.stop();
  }

  #rings(line: RTCSession): void {
    if (this.#line) return line.terminate({ status_code: BUSY_HERE });
    this.#line = line;
    const from = line.remote_identity;
    // Opened while it rings, so that answering is not later for it; and before it is told, for who answers at once must find it.
    void this.#openMicrophone().catch(() => this.#show({ microphoneFailed: true }));
    this.#show({
      microphoneFailed: false,
      session: { name: from.display_name ?? '', number: from.uri.user ?? '', stage: 'ringing', since: Date.now(), muted: false, held: false },
    });
    line.on('peerconnection', ({ peerconnection }) => peerconnection.addEventListener('track', (event) => this.#hears(event)));
    line.on('icecandidate', readyInTime(this.relays.length > 0));
    line.on('confirmed', () => this.#session({ stage: 'talking', since: Date.now() }));
    line.on('muted', () => this.#session({ muted: true }));
    line.on('unmuted', () => this.#session({ muted: false }));
    line.on('hold', ({ originator }) => originator === 'local' && this.#session({ held: true }));
    line.on('unhold', ({ originator }) => originator === 'local' && this.#session({ held: false }));
    line.on('ended', () => this.#over(line));
    line.on('failed', () => this.#over(line));
  }

  #hears(event: RTCTrackEvent): void {
    const stream = event.streams[0] ?? new MediaStream([event.track]);
    this.#speaker.srcObject = stream;
    void this.#playToSpeaker().then(() => this.#speaker.play().catch(() => undefined));
    this.#theirs?.close();
    this.#theirs = new LevelMeter(stream);
  }

  #over(line: RTCSession): void {
    if (line !== this.#line) return;
    this.#line = null;
    this.#mine?.close();
    this.#theirs?.close();
    this.#mine = this.#theirs = null;
    this.#speaker.srcObject = null;
    void this.#microphone?.then((stream) => stream.getTracks().forEach((track) => track.stop())).catch(() => undefined);
    this.#microphone = null;
    this.#show({ session: null });
  }

  #openMicrophone(): Promise<MediaStream> {
    const opening = openMicrophone(this.#chosen.microphone);
    this.#microphone = opening;
    void opening
      .then((stream) => {
        stream.getAudioTracks()[0]?.addEventListener('ended', () => this.#show({ microphoneFailed: true }));
        // The call went before the microphone came.
        if (opening !== this.#microphone) stream.getTracks().forEach((track) => track.stop());
        else this.#show({ microphoneFailed: false });
      })
      .catch(() => undefined);
    return opening;
  }

  async #playToSpeaker(): Promise<void> {
    const speaker = this.#speaker as HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> };
    await speaker.setSinkId?.(this.#chosen.speaker).catch(() => undefined);
  }

  async #packetsHeard(): Promise<number> {
    let packets = 0;
    (await this.#line?.connection?.getStats())?.forEach((report: { type: string; packetsReceived?: number }) => {
      if (report.type === 'inbound-rtp') packets += report.packetsReceived ?? 0;
    });
    return packets;
  }

  #session(change: Partial<Session>): void {
    if (this.#view.session) this.#show({ session: { ...this.#view.session, ...change } });
  }

  #show(change: Partial<PhoneView>): void {
    this.#view = { ...this.#view, ...change };
    this.onChange(this.#view);
  }
}

/** Answer with the addresses found so far: waiting for all of them can take many seconds, and the switch learns the rest from our checks. */
function readyInTime(byRelay: boolean): (event: { candidate: RTCIceCandidate; ready: () => void }) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let usable = false;
  return ({ candidate, ready }) => {
    const first = !usable && candidate.component !== 'rtcp' && candidate.protocol !== 'tcp' && (!byRelay || candidate.type === 'relay');
    if (first) {
      usable = true;
      clearTimeout(timer);
      timer = setTimeout(ready, ICE_AFTER_FIRST_MS);
    } else timer ??= setTimeout(ready, byRelay ? ICE_RELAY_AT_MOST_MS : ICE_AT_MOST_MS);
  };
}
