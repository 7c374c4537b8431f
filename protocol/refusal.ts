/** A refusal by the session. `data.code` is the name in the error table, `data.hint` what to do. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  readonly data: { code: string; hint: string; field?: string } | undefined;

  constructor({ code, message, data }: Pick<RpcError, 'code' | 'message'> & Partial<RpcError>) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
