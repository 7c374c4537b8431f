import { connect, type SynscClient } from '../../../protocol/client.ts';
import { createLineReader, encodeLine, messageLimit } from '../../../protocol/transport.ts';
import { SynscError } from '../../errors.ts';
import { sessionSockets } from '../../platform/runtime-dir.ts';
import { McpServer } from '../mcp/server.ts';

/** `synsc mcp`: serves the session to an agent as MCP tools on stdio, until either of them ends. */
export async function mcp(): Promise<number> {
  const { path, session } = await ownSession();
  const server = new McpServer(
    () => connect(path),
    (message) => void process.stdout.write(encodeLine(message)),
  );
  const reader = createLineReader(messageLimit);
  const ended = new Promise<void>((resolve) => {
    process.stdin.on('data', (chunk: Buffer) => {
      for (const line of reader.push(chunk)) if (line.length > 0) server.receive(line);
      if (reader.tooLong) resolve();
    });
    process.stdin.once('end', resolve).once('error', resolve);
    process.stdout.once('error', () => resolve());
  });
  await Promise.race([ended, session.closed]);
  session.close();
  return 0;
}

/**
 * The session that this process runs in: the one that is named, or, as some agents start their servers
 * without an environment, the one that takes it for a client. Throws NO_SESSION.
 */
async function ownSession(): Promise<{ path: string; session: SynscClient }> {
  const named = process.env.SYNSC_SOCKET;
  const paths = named ? [named] : sessionSockets(process.env, process.getuid?.() ?? 0);
  for (const path of paths) {
    const session = await connect(path).catch(() => undefined);
    const pong = await session?.call('ping').catch(() => undefined);
    if (session !== undefined && pong?.role === 'client') return { path, session };
    session?.close();
  }
  throw new SynscError('NO_SESSION', 'this process runs in no session', {
    hint: 'start the agent by `synsc launch -- AGENT`; in a sandbox let it reach SYNSC_SOCKET',
  });
}
