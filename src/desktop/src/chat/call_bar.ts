/** The row that shows how a visitor's call stands, and ends it. */

import type { VisitorCall } from './call';
import { CROSS, element, icon } from './elements';
import type { Words } from './words';

const DOWN = 'M3 14c0-2 4-4 9-4s9 2 9 4v2.5l-5 1v-3a12 12 0 0 0-8 0v3l-5-1Z';
const MICROPHONE = 'M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3ZM5 11v1a7 7 0 0 0 14 0v-1M12 19v3';
const SILENT = `${MICROPHONE}M4 3l16 18`;

export class CallBar {
  readonly row = element('div', { class: 'call', role: 'group', hidden: '' });
  #state = element('p', { role: 'status' });
  #clock = element('span', { class: 'clock', role: 'timer', 'aria-live': 'off' });
  #answer = element('button', { class: 'strong', type: 'button', hidden: '' });
  #mute = element('button', { class: 'plain', type: 'button', 'aria-pressed': 'false' });
  #end = element('button', { class: 'plain', type: 'button' });
  #tick: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly call: VisitorCall,
    private readonly words: Words,
  ) {
    this.row.setAttribute('aria-label', words.call);
    this.#answer.textContent = words.answer;
    this.#answer.onclick = () => call.answer();
    this.row.append(this.#state, this.#clock, this.#answer, this.#mute, this.#end);
    this.#mute.onclick = () => call.mute(!call.muted);
    this.#end.onclick = () => call.hangUp();
  }

  draw(): void {
    const { call, words } = this;
    const talking = call.state === 'talking';
    this.row.hidden = call.state === 'idle';
    const said = call.state === 'idle' ? '' : words.calling[call.state];
    // What stands stays: a screen reader would say it again.
    if (this.#state.textContent !== said) this.#state.textContent = said;
    this.#answer.hidden = call.state !== 'ringing';
    this.#mute.hidden = this.#clock.hidden = !talking;
    this.#mute.setAttribute('aria-pressed', String(call.muted));
    const muting = call.muted ? words.unmute : words.mute;
    if (this.#mute.title !== muting) {
      this.#mute.title = muting;
      this.#mute.setAttribute('aria-label', muting);
      this.#mute.replaceChildren(icon(call.muted ? SILENT : MICROPHONE));
    }
    const onTheLine = talking || call.state === 'connecting' || call.state === 'ringing';
    const ending = onTheLine ? words.hangUp : words.cancelCall;
    if (this.#end.title !== ending) {
      this.#end.title = ending;
      this.#end.setAttribute('aria-label', ending);
      this.#end.replaceChildren(icon(onTheLine ? DOWN : CROSS));
      this.#end.classList.toggle('end', onTheLine);
    }
    this.row.classList.toggle('talking', talking);
    if (talking && this.#tick === undefined) {
      this.#told();
      this.#tick = setInterval(() => this.#told(), 1000);
    } else if (!talking) {
      clearInterval(this.#tick);
      this.#tick = undefined;
    }
  }

  #told(): void {
    const seconds = Math.max(0, Math.floor((Date.now() - this.call.since) / 1000));
    this.#clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  }
}
