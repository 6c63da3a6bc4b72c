/** What the chat says to visitors, in their languages. */

export interface Words {
  open: string;
  close: string;
  end: string;
  endLong: string;
  write: string;
  send: string;
  sending: string;
  notSent: string;
  away: string;
  over: string;
  tooFast: string;
  unread(count: number): string;
  secret: string;
  writes(name: string): string;
}

const WORDS: Record<string, Words> = {
  en: {
    open: 'Open chat', close: 'Close chat', end: 'End', endLong: 'End this conversation', write: 'Write a message', send: 'Send', sending: 'Sending…',
    notSent: 'Not sent yet', away: 'No connection. We go on as soon as there is one.', over: 'This conversation has ended. Write to begin another.',
    tooFast: 'That was fast: we send it in a moment.', unread: (count) => `Open chat, ${count} unread`, secret: 'Hidden', writes: (name) => `${name} is writing…`,
  },
  es: {
    open: 'Abrir el chat', close: 'Cerrar el chat', end: 'Terminar', endLong: 'Terminar la conversación', write: 'Escriba un mensaje', send: 'Enviar', sending: 'Enviando…',
    notSent: 'Aún no enviado', away: 'Sin conexión. Seguimos en cuanto la haya.', over: 'La conversación ha terminado. Escriba para empezar otra.',
    tooFast: 'Muy rápido: lo enviamos en un momento.', unread: (count) => `Abrir el chat, ${count} sin leer`, secret: 'Oculto', writes: (name) => `${name} está escribiendo…`,
  },
};

/** Return the words of a language (BCP 47), English where we have none. */
export function wordsOf(language: string): Words {
  return WORDS[language.slice(0, 2).toLowerCase()] ?? (WORDS['en'] as Words);
}
