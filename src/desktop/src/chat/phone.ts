/** The telephone of a visitor who talks: loaded when somebody wants to, for it is ten times the chat. */

export { RingTone } from '../audio';
export { Phone } from '../phone';
