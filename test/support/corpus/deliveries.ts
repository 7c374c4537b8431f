/** Bytes that a command writes at once, and how long it waits before. */
export interface Write {
  readonly wait: number;
  readonly descriptor: 1 | 2;
  readonly bytes: Buffer;
}

type Deliver = (bytes: Buffer, random: () => number) => Write[];

export const write = (bytes: Buffer, wait = 0, descriptor: 1 | 2 = 1): Write => ({
  wait,
  descriptor,
  bytes,
});

const halves =
  (wait: number): Deliver =>
  (bytes, random) => {
    const at = Math.floor(bytes.length * (0.3 + random() * 0.5));
    return [write(bytes.subarray(0, at)), write(bytes.subarray(at), wait)];
  };

/** How a command writes the same bytes. */
export const deliveries: Readonly<Record<string, Deliver>> = {
  whole: (bytes) => [write(bytes)],
  'byte by byte': (bytes) =>
    bytes.length > 3000 ? [write(bytes)] : [...bytes].map((byte) => write(Buffer.from([byte]))),
  'in pieces': (bytes, random) => {
    const writes: Write[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + Math.floor(random() * 17);
      writes.push(write(bytes.subarray(at, at + length)));
      at += length;
    }
    return writes;
  },
  'in halves 5 ms apart': halves(5),
  'in halves 50 ms apart': halves(50),
  'in halves 1 s apart': halves(1000),
};
