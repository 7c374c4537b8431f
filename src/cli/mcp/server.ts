import * as z from 'zod/mini';
import { RpcError, type SynscClient } from '../../../protocol/client.ts';
import { errors } from '../../../protocol/errors.ts';
import { SynscError } from '../../errors.ts';
import { version } from '../version.ts';
import { tools } from './tools.ts';

/** Versions of the Model Context Protocol; the first is what an unknown one is answered with. */
const versions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

type Id = string | number;

/** One message of JSON-RPC 2.0 from the client. */
interface Incoming {
  readonly id?: Id;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

const instructions =
  'Commands that need a credential (aws, modal, Python with Hugging Face …) run by the tool spawn: each gets just what it needs and its output comes back redacted. explain says what a command would get and why.';

/**
 * The Model Context Protocol over lines of JSON: initialisation, ping, and tools. `open` gives each call a
 * connection of its own, so that a cancelled one ends with it.
 */
export class McpServer {
  readonly #open: () => Promise<SynscClient>;
  readonly #send: (message: object) => void;
  readonly #calls = new Map<Id, SynscClient | undefined>();

  constructor(open: () => Promise<SynscClient>, send: (message: object) => void) {
    this.#open = open;
    this.#send = send;
  }

  /** Takes one line. */
  receive(line: Buffer): void {
    const message = parse(line);
    if (message === undefined) {
      this.#fail(null, 'PARSE_ERROR', 'not valid JSON');
      return;
    }
    const { id, method, params = {} } = message;
    if (method === undefined) {
      // an answer, which is due to no request of ours
      if (id === undefined) this.#fail(null, 'INVALID_REQUEST', 'not a JSON-RPC 2.0 request');
    } else if (id === undefined) this.#hear(method, params);
    else void this.#answer(id, method, params);
  }

  #hear(method: string, { requestId }: Readonly<Record<string, unknown>>): void {
    if (method !== 'notifications/cancelled') return;
    const call = this.#calls.get(requestId as Id);
    this.#calls.delete(requestId as Id);
    call?.close();
  }

  async #answer(id: Id, method: string, params: Readonly<Record<string, unknown>>): Promise<void> {
    if (method === 'initialize') this.#result(id, initialized(params));
    else if (method === 'ping') this.#result(id, {});
    else if (method === 'tools/list')
      this.#result(id, { tools: Object.entries(tools).map(described) });
    else if (method !== 'tools/call') this.#fail(id, 'METHOD_NOT_FOUND', 'there is no such method');
    else if (typeof params.name !== 'string' || !Object.hasOwn(tools, params.name)) {
      this.#fail(id, 'INVALID_PARAMS', 'there is no such tool');
    } else {
      this.#calls.set(id, undefined);
      const result = await this.#call(id, params.name, params.arguments);
      // a cancelled call gets no answer
      if (this.#calls.delete(id)) this.#result(id, result);
    }
  }

  async #call(id: Id, name: string, input: unknown): Promise<object> {
    let session: SynscClient | undefined;
    try {
      session = await this.#open();
      if (!this.#calls.has(id)) return {};
      this.#calls.set(id, session);
      const result = await tools[name]?.run(session, input);
      const content = [{ type: 'text', text: result?.text ?? '' }];
      return { content, structuredContent: result?.data };
    } catch (error) {
      return { content: [{ type: 'text', text: refusal(error) }], isError: true };
    } finally {
      session?.close();
    }
  }

  #result(id: Id, result: object): void {
    this.#send({ jsonrpc: '2.0', id, result });
  }

  #fail(id: Id | null, code: keyof typeof errors, message: string): void {
    this.#send({ jsonrpc: '2.0', id, error: { code: errors[code].rpc, message } });
  }
}

function initialized({ protocolVersion }: Readonly<Record<string, unknown>>): object {
  const known = versions.find((one) => one === protocolVersion);
  return {
    protocolVersion: known ?? versions[0],
    capabilities: { tools: {} },
    serverInfo: { name: 'synsc', title: 'synsc', version },
    instructions,
  };
}

function described([name, tool]: [string, (typeof tools)[string]]): object {
  return {
    name,
    title: tool.title,
    description: tool.description,
    inputSchema: jsonSchema(tool.input),
    outputSchema: jsonSchema(tool.output),
    annotations: {
      title: tool.title,
      readOnlyHint: tool.readOnly === true,
      openWorldHint: !tool.readOnly,
    },
    // Claude Code leaves deferred tools out of its first request, and asks a person for the second kind
    _meta: {
      'anthropic/alwaysLoad': true,
      ...(tool.asksUser && { 'anthropic/requiresUserInteraction': true }),
    },
  };
}

function jsonSchema(schema: z.ZodMiniType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

function refusal(error: unknown): string {
  if (error instanceof SynscError) return `${error.message}\nhint: ${error.hint}`;
  if (error instanceof RpcError) return `${error.message}\nhint: ${error.data?.hint ?? 'none'}`;
  return 'the call failed inside synsc';
}

/** Undefined: no JSON object. */
function parse(line: Buffer): Incoming | undefined {
  try {
    const value: unknown = JSON.parse(line.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
