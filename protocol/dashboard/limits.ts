/** Characters that a session's record takes of each field. */
export const sessionLimits = { label: 200, directory: 4096, hostname: 255 };
