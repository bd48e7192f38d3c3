/**
 * Connectivity as the server's health check tells it. The browser's word is a hint: it says online in a network that
 * reaches nothing, and behind a page that asks to sign in to it.
 */
/** Milliseconds that the server has to answer. */
const answerLimit = 5_000;

/** Whether our server answers and is well. */
export async function isServerWell(send: typeof fetch, limit: number = answerLimit): Promise<boolean> {
  try {
    const response = await send('/api/health', { cache: 'no-store', signal: AbortSignal.timeout(limit) });
    const body = (await response.json()) as { readonly status?: unknown } | null;
    return response.ok && body?.status === 'ok';
  } catch {
    return false;
  }
}
