/** The chat's window: plain elements in a shadow root, so that the site's styles and ours leave each other alone. */

import type { Conversation, Message } from './conversation';
import styles from './chat.css?inline';
import type { Words } from './words';

const MODES: Record<string, string> = { digits: 'numeric', number: 'decimal', phone: 'tel', email: 'email', card: 'numeric' };
const SPEECH = 'M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-8l-5 4v-4H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z';
const ARROW = 'M3 11.5 21 3l-6.5 18-3-7.5L3 11.5Z';
const CROSS = 'M6 6l12 12M18 6L6 18';

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
  #unread = 0;

  constructor(
    private readonly conversation: Conversation,
    private readonly words: Words,
    accent: string | undefined,
  ) {
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
    const form = element('form', {}, this.#box, send);
    this.#panel = element(
      'section', { class: 'panel', role: 'dialog', 'aria-label': words.open, hidden: '' },
      element('header', {}, this.#title, end, close), this.#log, this.#notice, this.#choices, form,
    );
    this.#root.append(element('div', { class: 'root' }, this.#panel, this.#button));
    this.#button.onclick = () => this.show(this.#panel.hidden === true);
    close.onclick = () => this.show(false);
    end.onclick = () => conversation.leave();
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
      this.#box.focus();
    } else this.#button.focus();
  }

  #send(): void {
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
    this.#notice.textContent = this.#news();
    this.#drawChoices(conversation.messages.at(-1));
    if (atEnd) this.#log.scrollTop = this.#log.scrollHeight;
  }

  #news(): string {
    const { conversation, words } = this;
    const last = conversation.messages.at(-1);
    if (!conversation.online && conversation.messages.length > 0) return words.away;
    if (conversation.waits === 'too_fast') return words.tooFast;
    if (conversation.over) return words.over;
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
      const known = there.get(message.id) as HTMLElement | undefined;
      there.delete(message.id);
      const line = known ?? this.#line(message, named);
      line.classList.toggle('unsent', unsent);
      return line;
    });
    for (const gone of there.values()) gone.remove();
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
    line.append(text);
    return line;
  }

  #drawChoices(last: Message | undefined): void {
    const choices = last && last.side !== 'customer' && !this.conversation.over ? last.choices : [];
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
    this.#box.inputMode = MODES[last?.keyboard ?? ''] ?? 'text';
  }
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, attributes: Record<string, string>, ...content: (Node | string)[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

function icon(path: string): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  made.setAttribute('viewBox', '0 0 24 24');
  made.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path);
  made.append(line);
  return made;
}
