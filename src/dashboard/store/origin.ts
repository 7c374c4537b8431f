import { AsyncLocalStorage } from 'node:async_hooks';

/** Where a request came from, for the audit trail. */
export interface Origin {
  readonly address: string;
  readonly agent: string;
}

const running = new AsyncLocalStorage<Origin>();
const longestAgent = 300;

/** Runs `body` so that each audit row that is written below it says where the request came from. */
export function withOrigin<T>(origin: Origin, body: () => T): T {
  return running.run(origin, body);
}

/** For the setting `synsc.origin`: base64 of a JSON array; empty outside of a request. */
export function originSetting(): string {
  const origin = running.getStore();
  if (!origin) return '';
  // a line of the trail is one line, whatever a client calls itself
  const agent = origin.agent.replaceAll(/\p{C}/gu, ' ').slice(0, longestAgent);
  return Buffer.from(JSON.stringify([origin.address, agent])).toString('base64');
}
