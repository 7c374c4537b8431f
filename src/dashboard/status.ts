/** The status that the framework has for an error of its own; 500 for any other. */
export function frameworkStatus(error: unknown): number {
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
}

/** That of an error of which it says more than our table: too large, or of another type. */
export function exactStatus(error: unknown): number | undefined {
  const status = frameworkStatus(error);
  return status === 413 || status === 415 ? status : undefined;
}
