/** @param out where to, with a slash at its end */
export function buildPage(out?: URL): Promise<void>
