/** The chat's window: plain elements in a shadow root, so that the site's styles and ours leave each other alone. */

import type { VisitorCall } from './call';
import { CallBar } from './call_bar';
import type { Conversation, FileAt, Message } from './conversation';
import styles from './chat.css?inline';
import { CROSS, element, icon } from './elements';
import type { Words } from './words';

const MODES: Record<string, string> = { digits: 'numeric', number: 'decimal', phone: 'tel', email: 'email', card: 'numeric' };
const SPEECH = 'M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-8l-5 4v-4H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z';
const ARROW = 'M3 11.5 21 3l-6.5 18-3-7.5L3 11.5Z';
const CLIP = 'M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4L14.5 7';
const MAIL = 'M3 6h18v12H3zM3 7l9 7 9-7';
const HANDSET = 'M6.5 3.5 10 7 8 10a14 14 0 0 0 6 6l3-2 3.5 3.5-2 3C11 20.5 3.5 13 3.5 5.5Z';
const STAR = 'M12 3l2.7 5.6 6.1.9-4.4 4.3 1 6.1L12 17l-5.4 2.9 1-6.1L3.2 9.5l6.1-.9z';
/** What browsers show as pictures; all else stands there by its name. */
const PICTURES = /^image\/(png|jpeg|gif|webp)$/;

export class ChatView {
  readonly host = document.createElement('div');
  #root = this.host.attachShadow({ mode: 'open' });
  #button: HTMLButtonElement;
  #panel: HTMLElement;
  #title: HTMLElement;
  #log: HTMLElement;
  #notice: HTMLElement;
  #choices: HTMLElement;
  #box: HTMLTextAreaElement;
  #read = element('span', { class: 'by' });
  #mail: HTMLButtonElement;
  #mailForm: HTMLFormElement;
  #mailTo: HTMLInputElement;
  #talk: HTMLButtonElement;
  #bar: CallBar;
  #drawn = '';
  #unread = 0;

  constructor(
    private readonly conversation: Conversation,
    private readonly call: VisitorCall,
    private readonly words: Words,
    /** `base` is an address of the service, from which its files are fetched. */
    private readonly how: { accent?: string | undefined; base: string; language: string },
  ) {
    const { accent } = how;
    this.host.id = 'trunkline-chat';
    if (accent && CSS.supports('color', accent)) this.host.style.setProperty('--trunkline-accent', accent);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    this.#root.adoptedStyleSheets = [sheet];
    this.#button = element('button', { class: 'launch', type: 'button', 'aria-label': words.open, 'aria-expanded': 'false' }, icon(SPEECH));
    this.#title = element('h2', {});
    const close = element('button', { class: 'plain', type: 'button', 'aria-label': words.close, title: words.close }, icon(CROSS));
    const end = element('button', { class: 'plain word', type: 'button', 'aria-label': words.endLong, title: words.endLong }, words.end);
    this.#log = element('ol', { role: 'log', 'aria-live': 'polite', tabindex: '0' });
    this.#notice = element('p', { class: 'notice', role: 'status' });
    this.#choices = element('div', { class: 'choices', role: 'group' });
    this.#box = element('textarea', { rows: '1', 'aria-label': words.write, placeholder: words.write, maxlength: '4000', enterkeyhint: 'send' });
    const send = element('button', { class: 'send', type: 'submit', 'aria-label': words.send, title: words.send }, icon(ARROW));
    const picker = element('input', { type: 'file', multiple: '', hidden: '', 'aria-label': words.attach });
    const clip = element('button', { class: 'plain', type: 'button', 'aria-label': words.attach, title: words.attach }, icon(CLIP));
    const form = element('form', {}, picker, clip, this.#box, send);
    this.#mail = element('button', { class: 'plain', type: 'button', 'aria-label': words.mail, title: words.mail, 'aria-expanded': 'false', hidden: '' }, icon(MAIL));
    this.#mailTo = element('input', { type: 'email', required: '', autocomplete: 'email', maxlength: '254', 'aria-label': words.mailTo, placeholder: words.mailTo });
    this.#mailForm = element('form', { class: 'mail', 'aria-label': words.mail, hidden: '' }, this.#mailTo, element('button', { class: 'word strong', type: 'submit' }, words.mailSend));
    this.#talk = element('button', { class: 'plain', type: 'button', 'aria-label': words.call, title: words.call, hidden: '' }, icon(HANDSET));
    this.#bar = new CallBar(call, words);
    this.#panel = element(
      'section', { class: 'panel', role: 'dialog', 'aria-label': words.open, hidden: '' },
      element('header', {}, this.#title, this.#talk, this.#mail, end, close), this.#bar.row, this.#mailForm, this.#log, this.#notice, this.#choices, form,
    );
    this.#root.append(element('div', { class: 'root' }, this.#panel, this.#button));
    this.#button.onclick = () => this.show(this.#panel.hidden === true);
    close.onclick = () => this.show(false);
    end.onclick = () => {
      call.hangUp();
      conversation.leave();
    };
    this.#talk.onclick = () => void call.begin();
    clip.onclick = () => picker.click();
    picker.onchange = () => {
      this.#attach(picker.files);
      picker.value = '';
    };
    this.#mail.onclick = () => this.#askForMail(this.#mailForm.hidden === true);
    this.#mailForm.onsubmit = (event) => {
      event.preventDefault();
      this.#askForMail(false);
      conversation.mail(this.#mailTo.value.trim(), how.language);
    };
    this.#panel.ondragover = (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      this.#panel.classList.add('dropping');
    };
    this.#panel.ondragleave = () => this.#panel.classList.remove('dropping');
    this.#panel.ondrop = (event) => {
      event.preventDefault();
      this.#panel.classList.remove('dropping');
      this.#attach(event.dataTransfer?.files);
    };
    this.#box.onpaste = (event) => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      this.#attach(event.clipboardData.files);
    };
    document.addEventListener('visibilitychange', () => this.#see());
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#send();
    };
    this.#box.oninput = () => {
      this.#grow();
      conversation.writing();
    };
    this.#panel.onkeydown = (event) => {
      if (event.key === 'Escape') this.show(false);
      // The site's own keys are not for what is written here.
      event.stopPropagation();
    };
    this.#box.onkeydown = (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    };
    conversation.changed = (heard) => this.#changed(heard);
    call.changed = () => {
      if (call.state === 'ringing' && this.#panel.hidden) this.show(true);
      this.#draw();
    };
    this.#draw();
  }

  /** Open the window, or close it; the conversation goes on either way. */
  show(open: boolean): void {
    this.#panel.hidden = !open;
    this.#button.setAttribute('aria-expanded', String(open));
    if (open) {
      this.#unread = 0;
      this.conversation.open();
      this.#draw();
      this.#log.scrollTop = this.#log.scrollHeight; // what came while it was closed was drawn without a height
      this.#box.focus();
    } else this.#button.focus();
  }

  #attach(files: FileList | null | undefined): void {
    for (const file of files ?? []) void this.conversation.attach(file);
    this.#box.focus();
  }

  #askForMail(open: boolean): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    this.#mailForm.hidden = !open;
    if (scrollHeight - scrollTop - clientHeight < 40) this.#log.scrollTop = scrollHeight;
    this.#mail.setAttribute('aria-expanded', String(open));
    if (open) {
      this.#mailTo.value ||= this.conversation.email;
      this.#mailTo.focus();
    } else this.#box.focus();
  }

  /** What is shown while somebody can look at it is read. */
  #see(): void {
    if (!this.#panel.hidden && !document.hidden) this.conversation.see();
  }

  #send(): void {
    this.call.problem = null; // they write on instead
    this.conversation.say(this.#box.value);
    this.#box.value = '';
    this.#grow();
    this.#box.focus();
  }

  #grow(): void {
    this.#box.style.height = 'auto';
    this.#box.style.height = `${Math.min(this.#box.scrollHeight, 140)}px`;
  }

  #changed(heard: Message[]): void {
    if (this.#panel.hidden) this.#unread += heard.length;
    this.#draw();
  }

  #draw(): void {
    const { conversation, words } = this;
    const atEnd = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < 40;
    this.#title.textContent = conversation.title || words.open;
    this.#button.setAttribute('aria-label', this.#unread ? words.unread(this.#unread) : this.#panel.hidden === true ? words.open : words.close);
    this.#button.dataset['unread'] = this.#unread ? String(Math.min(this.#unread, 99)) : '';
    this.#drawLog(conversation.messages);
    this.#mail.hidden = !conversation.transcript || !conversation.messages.some((each) => each.side === 'agent');
    this.#talk.hidden = !conversation.calls || conversation.over || conversation.messages.length === 0 || this.call.state !== 'idle';
    this.#bar.draw();
    this.#button.classList.toggle('talking', this.call.state === 'talking');
    this.#notice.textContent = this.#news();
    this.#drawChoices(conversation.messages.at(-1));
    if (atEnd) this.#log.scrollTop = this.#log.scrollHeight;
    this.#see();
  }

  #news(): string {
    const { conversation, words } = this;
    const last = conversation.messages.at(-1);
    if (!conversation.online && conversation.messages.length > 0) return words.away;
    if (conversation.waits === 'too_fast') return words.tooFast;
    if (conversation.noFile) return words.noFile[conversation.noFile];
    if (conversation.mailed) return words.mailed[conversation.mailed];
    if (conversation.over) return words.over;
    if (this.call.problem) return words.noCall[this.call.problem];
    if (last && conversation.isUnsent(last)) return words.sending;
    return conversation.writer ? words.writes(conversation.writer) : '';
  }

  /** Draw what is new or other; what stands stays, so that a screen reader does not read it again. */
  #drawLog(messages: Message[]): void {
    const there = new Map([...this.#log.children].map((each) => [(each as HTMLElement).dataset['key'], each]));
    let previous: Message | undefined;
    const drawn = messages.map((message) => {
      const unsent = this.conversation.isUnsent(message);
      const named = message.by && previous?.by !== message.by ? message.by : '';
      previous = message;
      const url = message.files?.[0]?.url ?? '';
      const before = there.get(message.id) as HTMLElement | undefined;
      const known = before?.dataset['url'] === url ? before : undefined;
      if (known) there.delete(message.id);
      const line = known ?? this.#line(message, named);
      line.dataset['url'] = url;
      line.classList.toggle('unsent', unsent);
      return line;
    });
    for (const gone of there.values()) gone.remove();
    const read = this.conversation.readByAgent;
    const line = drawn[read ? messages.indexOf(read) : -1];
    if (line && this.#read.parentNode !== line) {
      this.#read.textContent = this.words.read;
      line.append(this.#read);
    }
    drawn.forEach((line, at) => {
      if (this.#log.children[at] !== line) this.#log.insertBefore(line, this.#log.children[at] ?? null);
    });
  }

  #line(message: Message, named: string): HTMLElement {
    const line = element('li', { class: message.side });
    line.dataset['key'] = message.id;
    if (named) line.append(element('span', { class: 'by' }, named));
    const text = element('p', { dir: 'auto' });
    text.textContent = message.hidden ? this.words.secret : message.text;
    if (text.textContent) line.append(text);
    line.append(...(message.files ?? []).map((file) => this.#file(file)));
    return line;
  }

  #file(file: FileAt): HTMLElement {
    const size = file.size < 999_500 ? `${Math.max(1, Math.round(file.size / 1000))} kB` : `${(file.size / 1_000_000).toFixed(1)} MB`;
    const link = element('a', { class: 'file', target: '_blank', rel: 'noopener', 'aria-label': this.words.file(file.name, size) });
    if (file.url) link.href = new URL(file.url, this.how.base).href;
    const named = () => {
      const name = element('bdi', {}, file.name);
      link.replaceChildren(icon(CLIP), name, element('small', {}, size));
    };
    if (!file.url || !PICTURES.test(file.type)) named();
    else {
      const picture = element('img', { alt: file.name, src: link.href });
      picture.onload = () => {
        const { scrollHeight, scrollTop, clientHeight } = this.#log;
        if (scrollHeight - scrollTop - clientHeight < picture.height + 60) this.#log.scrollTop = scrollHeight;
      };
      // The site does not let us show pictures, or it is none that this browser knows.
      picture.onerror = named;
      link.append(picture);
    }
    return link;
  }

  #drawChoices(last: Message | undefined): void {
    const choices = last && last.side !== 'customer' && !this.conversation.over ? last.choices : [];
    // What stands stays, with what is chosen in it and the keyboard's place.
    const drawn = choices.length ? `${last?.id}` : '';
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#box.inputMode = MODES[last?.keyboard ?? ''] ?? 'text';
    if (last?.keyboard === 'rating' && choices.every((label, at) => label === `${at + 1}`)) {
      this.#choices.replaceChildren(this.#stars(choices.length));
      return;
    }
    this.#choices.replaceChildren(
      ...choices.map((label) => {
        const button = element('button', { type: 'button' }, label);
        button.onclick = () => {
          this.conversation.say(label);
          this.#box.focus();
        };
        return button;
      }),
    );
  }

  /** Scores as stars: a group of radio buttons, so that keys and screen readers know what to do. */
  #stars(many: number): HTMLElement {
    const { words } = this;
    const send = element('button', { type: 'submit', disabled: '' }, words.rateSend);
    const group = element('fieldset', {}, element('legend', {}, words.rate));
    for (let score = 1; score <= many; score++) {
      const radio = element('input', { type: 'radio', name: 'score', value: String(score), 'aria-label': words.star(score, many) });
      radio.onchange = () => {
        send.disabled = false;
        [...group.querySelectorAll('label')].forEach((each, at) => each.classList.toggle('on', at < score));
      };
      group.append(element('label', { title: words.star(score, many) }, radio, icon(STAR)));
    }
    const form = element('form', { class: 'rating' }, group, send);
    form.onsubmit = (event) => {
      event.preventDefault();
      const score = form.querySelector<HTMLInputElement>(':checked')?.value;
      if (score) this.conversation.say(score);
      this.#box.focus();
    };
    return form;
  }
}
