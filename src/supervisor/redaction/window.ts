/** Holds what is known of a stream with the next chunk of it, as long as nobody writes more at a time. */
const roomSize = 128 * 1024;
/** Absent while a window is in it. */
let room: ArrayBuffer | undefined;

/** One behind the other; until `putBack`. */
export function together(known: Buffer, chunk: Buffer): Buffer {
  const length = known.length + chunk.length;
  const free = length <= roomSize ? room : undefined;
  const place = free ?? new ArrayBuffer(Math.max(length, roomSize));
  if (free !== undefined) room = undefined;
  const window = Buffer.from(place, 0, length);
  known.copy(window);
  chunk.copy(window, known.length);
  return window;
}

/** Overwrites a window, whose memory the next one has. */
export function putBack(window: Buffer): void {
  window.fill(0);
  if (window.buffer.byteLength === roomSize) room = window.buffer as ArrayBuffer;
}
