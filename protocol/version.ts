/** Version of the RPC protocol: changes when a client written for the old one would break. */
export const protocolVersion = 1;
