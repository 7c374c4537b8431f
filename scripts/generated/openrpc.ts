/** protocol/openrpc.json (OpenRPC 1.3) from the method table. */
import * as z from 'zod/mini';
import { type ErrorCode, errors } from '../../protocol/errors.ts';
import { methods, notifications } from '../../protocol/session/methods.ts';
import { protocolVersion } from '../../protocol/version.ts';

/** The JSON Schema (draft 2020-12) of what is sent, without the `$schema` line. */
function jsonSchema(schema: z.ZodMiniType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

function parameters(schema: z.ZodMiniType): object[] {
  const { properties = {}, required = [] } = jsonSchema(schema) as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    required: required.includes(name),
    schema: property,
  }));
}

function errorObjects(codes: readonly ErrorCode[]): object[] {
  return codes.map((code) => ({
    code: errors[code].rpc,
    message: code,
    data: { code, hint: errors[code].hint },
  }));
}

/** The document of the session's socket. */
export function openrpc(): string {
  return `${JSON.stringify(document(), null, 2)}\n`;
}

function document(): object {
  const calls = Object.entries(methods).map(([name, method]) => ({
    name,
    summary: method.summary,
    paramStructure: 'by-name',
    params: parameters(method.params),
    result: { name: 'result', schema: jsonSchema(method.result) },
    errors: errorObjects(method.errors),
    'x-roles': method.roles,
  }));
  const notices = Object.entries(notifications).map(([name, notice]) => ({
    name,
    summary: notice.summary,
    tags: [{ name: 'notification' }],
    paramStructure: 'by-name',
    params: parameters(notice.params),
  }));
  return {
    openrpc: '1.3.2',
    info: {
      title: 'synsc session',
      description: 'JSON-RPC 2.0 over the Unix socket that SYNSC_SOCKET names',
      version: `${protocolVersion}.0.0`,
    },
    methods: [...calls, ...notices],
  };
}
