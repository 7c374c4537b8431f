import { framesProtocol } from '../../../protocol/session/frames.ts';

/** A stream that a client asks for. */
export interface WantedStream {
  readonly processId: string;
  readonly fromOffset: number;
}

/** One in the fewest words. */
export interface PlainUpgrade extends WantedStream {
  /** Bytes of the request. */
  readonly length: number;
}

/** The request of our own clients, and of any that writes it like them: these fields and no others. */
const plainRequest = new RegExp(
  [
    '^GET /processes/([0-9A-Za-z]{1,64})/stream(?:\\?fromOffset=(\\d{1,15}))? HTTP/1\\.1\\r\\n',
    '(?:Host: [\\w.:-]+\\r\\n)?',
    `Connection: Upgrade\\r\\nUpgrade: ${framesProtocol}\\r\\n\\r\\n`,
  ].join(''),
  'i',
);
/** Bytes that such a request has at most. */
const longest = 512;

/**
 * What the first bytes of a connection ask for, and how many of them do; undefined where they are anything
 * else. Every `synsc exec` asks: `node:http` is loaded, and a parser made, for other requests only.
 */
export function plainUpgrade(first: Buffer): PlainUpgrade | undefined {
  const [request, processId, fromOffset = '0'] =
    plainRequest.exec(first.toString('latin1', 0, longest)) ?? [];
  if (request === undefined || processId === undefined) return undefined;
  return { processId, fromOffset: Number(fromOffset), length: request.length };
}
