/** In how many segments a text message is carried (3GPP TS 23.038 and 23.040): what it costs, and how it is cut. */

const BASIC = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const SECOND = new Set('\f^{}\\[~]|€');

export function segmentsOf(text: string): number {
  const signs = [...text];
  const seven = signs.every((each) => BASIC.has(each) || SECOND.has(each));
  const [alone, joined] = seven ? [160, 153] : [70, 67];
  const sizes = signs.map((each) => (seven ? (SECOND.has(each) ? 2 : 1) : each.length));
  if (sizes.reduce((sum, size) => sum + size, 0) <= alone) return signs.length > 0 ? 1 : 0;
  let room = 0;
  let segments = 0;
  // No sign is split between two of them.
  for (const size of sizes) {
    if (size > room) [room, segments] = [joined, segments + 1];
    room -= size;
  }
  return segments;
}
